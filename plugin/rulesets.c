/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rulesets of the file. */
#include "plugin/rulesets.h"

#include <string.h>

/* Where a part of a ruleset ended: the chain it was in and the number of the last rule. */
struct part_end {
    uint64_t key;
    struct bytes chain;
    uint32_t number;
};

static wmem_map_t *part_ends; /* by `key`; as long as the file is open */

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

struct ruleset_cursor rulesets_begin(const struct ruleset_part *part)
{
    struct ruleset_cursor cursor = {.rest = part->text};
    uint64_t key = key_of(part, part->part - 1);
    const struct part_end *before =
        part->part > 0 ? (const struct part_end *)wmem_map_lookup(part_ends, &key) : NULL;
    if (before) {
        cursor.chain = before->chain;
        cursor.number = before->number;
    }
    return cursor;
}

void rulesets_end(const struct ruleset_part *part, const struct ruleset_cursor *cursor)
{
    uint64_t key = key_of(part, part->part);
    if (part->part + 1 >= part->parts || wmem_map_contains(part_ends, &key))
        return;
    struct part_end *end = wmem_new(wmem_file_scope(), struct part_end);
    end->key = key;
    end->number = cursor->number;
    end->chain.length = cursor->chain.length;
    end->chain.data =
        (const uint8_t *)wmem_memdup(wmem_file_scope(), cursor->chain.data, cursor->chain.length);
    wmem_map_insert(part_ends, &end->key, end);
}

void rulesets_register(void)
{
    part_ends = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
}
