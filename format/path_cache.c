/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways that were written lately. */
#include "format/path_cache.h"

#include <glib.h>

static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 0x9E3779B1u ^ hash >> 15;
}

/* Of numbers and lengths, and of what NAT makes different: the rest is compared. */
static uint32_t hash_steps(const struct step *steps, size_t count)
{
    uint32_t hash = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        const struct change *change = &step->change;
        hash = mix(hash, step->rulenum << 2 ^ step->type);
        hash = mix(hash, step->ruleset << 8 ^ (uint32_t)step->chain.length);
        hash = mix(hash, (uint32_t)step->rule.length << 8 ^ (uint32_t)step->context.out.length);
        hash = mix(hash, (uint32_t)change->srcport << 16 ^ change->dstport ^ (uint32_t)change->ttl << 8);
        for (size_t k = 0; k < change->dst.length; k++)
            hash = mix(hash, change->dst.data[k]);
    }
    return hash;
}

static bool changes_equal(const struct change *a, const struct change *b)
{
    return bytes_equal(a->src, b->src) && bytes_equal(a->dst, b->dst) && a->has_srcport == b->has_srcport &&
           a->has_dstport == b->has_dstport && a->has_ttl == b->has_ttl && a->has_tos == b->has_tos &&
           a->has_length == b->has_length && a->srcport == b->srcport && a->dstport == b->dstport &&
           a->ttl == b->ttl && a->tos == b->tos && a->length == b->length;
}

/* The same but for the time. */
static bool steps_alike(const struct step *a, const struct step *b)
{
    return a->type == b->type && a->rulenum == b->rulenum && a->ruleset == b->ruleset &&
           a->stale == b->stale && a->has_time == b->has_time && bytes_equal(a->rule, b->rule) &&
           bytes_equal(a->chain, b->chain) && bytes_equal(a->table, b->table) &&
           bytes_equal(a->target, b->target) && bytes_equal(a->comment, b->comment) &&
           context_equal(&a->context, &b->context) && changes_equal(&a->change, &b->change);
}

static bool is_way(const struct cached_path *path, uint32_t hash, const struct step *steps, size_t count)
{
    if (path->count != count || path->hash != hash)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!steps_alike(&path->steps[i], &steps[i]))
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

static void keep_string(struct wire_writer *memory, struct bytes *string)
{
    uint8_t *at = memory->data + memory->length;
    wire_write_raw(memory, string->data, string->length);
    string->data = at;
}

/* Calls `visit` for every string of the step. */
static size_t each_string(struct step *step, void (*visit)(struct wire_writer *, struct bytes *),
                          struct wire_writer *memory)
{
    struct bytes *const strings[] = {&step->table,       &step->chain,          &step->rule,
                                     &step->target,      &step->comment,        &step->context.in,
                                     &step->context.out, &step->context.physin, &step->context.physout,
                                     &step->change.src,  &step->change.dst};
    size_t length = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        length += strings[i]->length;
        if (visit)
            visit(memory, strings[i]);
    }
    return length;
}

void path_cache_keep(struct cached_path *slot, const struct step *steps, size_t count, struct bytes strings,
                     struct bytes written, const struct cached_body *bodies)
{
    size_t needed = written.length;
    slot->count = 0;
    for (size_t i = 0; i < count; i++) {
        slot->steps[i] = steps[i];
        needed += each_string(&slot->steps[i], NULL, NULL);
    }
    if (needed + strings.length > PATH_CACHE_BYTES)
        return;
    slot->strings.length = slot->memory.length = 0;
    wire_write_raw(&slot->strings, strings.data, strings.length);
    wire_writer_reserve(&slot->memory, needed); /* so that nothing moves from here on */
    wire_write_raw(&slot->memory, written.data, written.length);
    for (size_t i = 0; i < count; i++) {
        slot->bodies[i] = bodies[i];
        each_string(&slot->steps[i], keep_string, &slot->memory);
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
