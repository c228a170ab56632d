/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Recently written paths. */
#include "format/path_cache.h"

#include <glib.h>

#include "format/hash.h"

static uint32_t hash_steps(const struct step *steps, size_t count)
{
    uint64_t hash = hash_number(HASH_BEGIN, count);
    for (size_t i = 0; i < count; i++)
        hash = step_hash(hash, &steps[i]);
    return (uint32_t)(hash ^ hash >> 32);
}

static bool is_way(const struct cached_path *path, uint32_t hash, const struct step *steps, size_t count)
{
    if (path->count != count || path->hash != hash)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!step_alike(&path->steps[i], &steps[i]))
            return false;
    return true;
}

const struct cached_path *path_cache_find(struct path_cache *cache, const struct step *steps, size_t count,
                                          struct cached_path **ret_keep)
{
    *ret_keep = NULL;
    if (count == 0 || count > PATH_CACHE_STEPS)
        return NULL;
    uint32_t hash = hash_steps(steps, count);
    struct cached_path **slot = &cache->slots[hash % PATH_CACHE_SLOTS];
    if (!*slot)
        *slot = g_new0(struct cached_path, 1);
    if (is_way(*slot, hash, steps, count))
        return *slot;
    if ((*slot)->seen == hash)
        *ret_keep = *slot;
    (*slot)->seen = hash;
    return NULL;
}

void path_cache_keep(struct cached_path *slot, const struct step *steps, size_t count, struct bytes strings,
                     struct bytes written, const struct cached_body *bodies)
{
    size_t needed = written.length;
    slot->count = 0;
    for (size_t i = 0; i < count; i++) {
        slot->steps[i] = steps[i];
        needed += step_strings_length(&steps[i]);
    }
    if (needed + strings.length > PATH_CACHE_BYTES)
        return;
    slot->strings.length = slot->memory.length = 0;
    wire_write_raw(&slot->strings, strings.data, strings.length);
    wire_writer_reserve(&slot->memory, needed); /* so that nothing moves from here on */
    wire_write_raw(&slot->memory, written.data, written.length);
    for (size_t i = 0; i < count; i++) {
        slot->bodies[i] = bodies[i];
        step_keep_strings(&slot->steps[i], slot->memory.data + slot->memory.length);
        slot->memory.length += step_strings_length(&slot->steps[i]);
    }
    slot->hash = slot->seen;
    slot->count = (uint32_t)count;
}

void path_cache_write_body(const struct cached_path *path, size_t index, const struct step *steps,
                           struct wire_writer *out)
{
    const struct cached_body *body = &path->bodies[index];
    const uint8_t *at = path->memory.data + body->at;
    size_t behind = body->time.at + body->time.length;
    wire_write_raw(out, at, body->time.at);
    step_write_time(out, &steps[index], index > 0 ? &steps[index - 1] : NULL);
    wire_write_raw(out, at + behind, body->length - behind);
}

void path_cache_done(struct path_cache *cache)
{
    for (size_t i = 0; i < PATH_CACHE_SLOTS; i++) {
        if (!cache->slots[i])
            continue;
        wire_writer_done(&cache->slots[i]->strings);
        wire_writer_done(&cache->slots[i]->memory);
        g_free(cache->slots[i]);
    }
    *cache = (struct path_cache){0};
}
