/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rulesets of a file, assembled from their parts. */
#include "recorder/legacy/walk/ruleset_parts.h"

struct collected {
    GString *text;
    GArray *own; /* of struct ruleset_own; chains point into `names` */
    GStringChunk *names;
    uint32_t next_part;
};

struct ruleset_parts {
    GHashTable *collected; /* capture id << 32 | number → struct collected, of which parts are missing */
};

static void collected_free(gpointer pointer)
{
    struct collected *collected = pointer;
    g_string_free(collected->text, TRUE);
    g_array_unref(collected->own);
    g_string_chunk_free(collected->names);
    g_free(collected);
}

struct ruleset_parts *ruleset_parts_new(void)
{
    struct ruleset_parts *parts = g_new0(struct ruleset_parts, 1);
    parts->collected = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, collected_free);
    return parts;
}

void ruleset_parts_free(struct ruleset_parts *parts)
{
    g_hash_table_destroy(parts->collected);
    g_free(parts);
}

static struct collected *begin(struct ruleset_parts *parts, gint64 key, const struct ruleset_part *part)
{
    struct collected *collected = g_new0(struct collected, 1);
    collected->text = g_string_new(NULL);
    collected->own = g_array_new(FALSE, FALSE, sizeof(struct ruleset_own));
    collected->names = g_string_chunk_new(256);
    struct wire_reader at = wire_reader_of(part->body);
    struct ruleset_own own;
    while (ruleset_part_next_own(&at, &own)) {
        const char *copy = g_string_chunk_insert_len(collected->names, (const char *)own.chain.data,
                                                     (gssize)own.chain.length);
        own.chain.data = (const uint8_t *)copy;
        g_array_append_val(collected->own, own);
    }
    g_hash_table_replace(parts->collected, g_memdup2(&key, sizeof key), collected);
    return collected;
}

int ruleset_parts_add(struct ruleset_parts *parts, const struct ruleset_part *part,
                      struct ruleset **ret_ruleset, struct error *error)
{
    gint64 key = (gint64)((uint64_t)part->capture_id << 32 | part->ruleset);
    struct collected *collected =
        part->part == 0 ? begin(parts, key, part) : g_hash_table_lookup(parts->collected, &key);
    *ret_ruleset = NULL;
    if (!collected || part->part != collected->next_part)
        return 0;
    g_string_append_len(collected->text, (const char *)part->text.data, (gssize)part->text.length);
    collected->next_part++;
    if (part->part + 1 < part->parts)
        return 0;

    const struct ruleset_origin origin = {
        .capture_id = part->capture_id,
        .family = ip_family_of_version(part->family),
        .number = part->ruleset,
        .generation = part->generation,
        .time_ns = part->time_ns,
    };
    int result =
        ruleset_new(ret_ruleset, (struct bytes){(const uint8_t *)collected->text->str, collected->text->len},
                    (struct ruleset_own *)collected->own->data, collected->own->len, &origin, error);
    g_hash_table_remove(parts->collected, &key);
    return result;
}
