/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rulesets of the file. */
#include "plugin/rulesets.h"

#include <string.h>

#include "plugin/rows.h"

static wmem_map_t *kept_by_key;
static GPtrArray *kept; /* struct ruleset_kept, in the order in which they were read */

static uint64_t key_of(const struct ruleset_part *part, uint32_t number)
{
    /* Three numbers in 64 bits: captures are told apart by 32 random ones, a ruleset has few parts. */
    return (uint64_t)part->capture_id << 32 | (part->ruleset << 10 ^ (number & 0x3ff));
}

static bool starts_with(struct bytes text, const char *prefix)
{
    size_t length = strlen(prefix);
    return text.length >= length && memcmp(text.data, prefix, length) == 0;
}

static struct bytes take_line(struct bytes *rest)
{
    const uint8_t *end = (const uint8_t *)memchr(rest->data, '\n', rest->length);
    struct bytes line = {rest->data, end ? (size_t)(end - rest->data) : rest->length};
    size_t taken = line.length + (end != NULL);
    *rest = (struct bytes){rest->data + taken, rest->length - taken};
    return line;
}

/* Up to the last space, and what follows it. */
static void split_last(struct bytes text, struct bytes *ret_head, struct bytes *ret_tail)
{
    size_t at = text.length;
    while (at > 0 && text.data[at - 1] != ' ')
        at--;
    *ret_head = (struct bytes){text.data, at > 0 ? at - 1 : 0};
    *ret_tail = (struct bytes){text.data + at, text.length - at};
}

/* `:INPUT DROP [0:0]`, with or without the counters. */
static void read_chain(struct bytes text, struct ruleset_line *line)
{
    struct bytes head, tail;
    line->kind = RULESET_LINE_CHAIN;
    split_last((struct bytes){text.data + 1, text.length - 1}, &head, &tail);
    if (starts_with(tail, "["))
        split_last(head, &head, &tail);
    line->chain = head;
    line->policy = tail;
}

static void read_rule(struct ruleset_cursor *cursor, struct bytes text, struct ruleset_line *line)
{
    struct bytes name = {text.data + 3, text.length - 3};
    const uint8_t *space = name.length > 0 ? (const uint8_t *)memchr(name.data, ' ', name.length) : NULL;
    if (space)
        name.length = (size_t)(space - name.data);
    if (!bytes_equal(name, cursor->chain))
        cursor->number = 0;
    cursor->chain = name;
    line->kind = RULESET_LINE_RULE;
    line->chain = name;
    line->number = ++cursor->number;
}

bool ruleset_next_line(struct ruleset_cursor *cursor, struct ruleset_line *ret_line)
{
    if (cursor->rest.length == 0)
        return false;
    struct bytes text = take_line(&cursor->rest);
    *ret_line = (struct ruleset_line){.kind = RULESET_LINE_OTHER, .text = text};
    if (starts_with(text, ":"))
        read_chain(text, ret_line);
    else if (starts_with(text, "-A "))
        read_rule(cursor, text, ret_line);
    return true;
}

static struct bytes copy(struct bytes bytes)
{
    bytes.data = (const uint8_t *)wmem_memdup(wmem_file_scope(), bytes.data, bytes.length);
    return bytes;
}

/* A part goes on counting where the part before it ended. */
static struct ruleset_cursor begin_of(const struct ruleset_part *part)
{
    const struct ruleset_kept *before = part->part > 0 ? rulesets_part(part, part->part - 1) : NULL;
    struct ruleset_cursor cursor = before ? before->end : (struct ruleset_cursor){0};
    cursor.rest = part->text;
    return cursor;
}

const struct ruleset_kept *rulesets_keep(packet_info *pinfo, const struct ruleset_part *part)
{
    uint64_t key = key_of(part, part->part);
    struct ruleset_kept *found = (struct ruleset_kept *)wmem_map_lookup(kept_by_key, &key);
    if (found && bytes_equal(found->part.text, part->text))
        return found;
    /* Not to be kept, because another stands there: a damaged file, or two captures with the same id. */
    bool keep = !found && !pinfo->fd->visited;
    found = wmem_new0(keep ? wmem_file_scope() : pinfo->pool, struct ruleset_kept);
    found->key = key;
    found->frame = pinfo->num;
    found->part = *part;
    found->part.body = (struct bytes){0};
    if (keep) {
        found->part.table = copy(part->table);
        found->part.netns = copy(part->netns);
        found->part.text = copy(part->text);
        wmem_map_insert(kept_by_key, &found->key, found);
        g_ptr_array_add(kept, found);
    }
    found->begin = begin_of(&found->part);
    found->end = found->begin;
    struct ruleset_line line;
    while (ruleset_next_line(&found->end, &line))
        ;
    return found;
}

/* What rows from that one on have told. */
static void forget(uint32_t frame)
{
    while (kept->len > 0) {
        const struct ruleset_kept *last = (const struct ruleset_kept *)g_ptr_array_index(kept, kept->len - 1);
        if (last->frame < frame)
            return;
        wmem_map_remove(kept_by_key, &last->key);
        g_ptr_array_set_size(kept, (int)kept->len - 1);
    }
}

uint32_t rulesets_count(void)
{
    return kept->len;
}

const struct ruleset_kept *rulesets_at(uint32_t index)
{
    return (const struct ruleset_kept *)g_ptr_array_index(kept, index);
}

const struct ruleset_kept *rulesets_part(const struct ruleset_part *part, uint32_t number)
{
    uint64_t key = key_of(part, number);
    return (const struct ruleset_kept *)wmem_map_lookup(kept_by_key, &key);
}

uint32_t rulesets_row(uint32_t capture_id, uint32_t ruleset)
{
    const struct ruleset_kept *first =
        rulesets_part(&(struct ruleset_part){.capture_id = capture_id, .ruleset = ruleset}, 0);
    return first ? first->frame : 0;
}

static void begin_file(void)
{
    g_ptr_array_set_size(kept, 0); /* what it pointed to went with the file before */
}

void rulesets_register(void)
{
    kept_by_key = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
    kept = g_ptr_array_new();
    rows_register_forget(forget);
    register_init_routine(begin_file);
}
