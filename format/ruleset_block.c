/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The ruleset block: reading and writing. */
#include "format/ruleset_block.h"

#include "format/envelope.h"

/* Field numbers: docs/format.md, "Ruleset block". */
enum {
    RULESET_FIELD_CAPTURE_ID = 1,
    RULESET_FIELD_RULESET = 2,
    RULESET_FIELD_GENERATION = 3,
    RULESET_FIELD_FAMILY = 4,
    RULESET_FIELD_TABLE = 5,
    RULESET_FIELD_NETNS = 6,
    RULESET_FIELD_TIME = 7,
    RULESET_FIELD_PART = 8,
    RULESET_FIELD_PARTS = 9,
    RULESET_FIELD_TEXT = 10,
    RULESET_FIELD_OWN = 11,
};

enum {
    OWN_FIELD_CHAIN = 1,
    OWN_FIELD_NUMBER = 2,
};

void ruleset_part_write(struct wire_writer *out, const struct ruleset_part *part,
                        const struct ruleset_own *own_rules, size_t own_count)
{
    envelope_write(out, ENVELOPE_RULESET);
    wire_write_fixed32(out, RULESET_FIELD_CAPTURE_ID, part->capture_id);
    wire_write_uint(out, RULESET_FIELD_RULESET, part->ruleset);
    wire_write_uint(out, RULESET_FIELD_GENERATION, part->generation);
    wire_write_uint(out, RULESET_FIELD_FAMILY, part->family);
    wire_write_bytes(out, RULESET_FIELD_TABLE, part->table);
    if (part->netns.length > 0)
        wire_write_bytes(out, RULESET_FIELD_NETNS, bytes_cut(part->netns, FORMAT_NETNS_MAX));
    wire_write_fixed64(out, RULESET_FIELD_TIME, part->time_ns);
    wire_write_uint(out, RULESET_FIELD_PART, part->part);
    wire_write_uint(out, RULESET_FIELD_PARTS, part->parts);
    wire_write_bytes(out, RULESET_FIELD_TEXT, part->text);
    for (size_t i = 0; i < own_count && i < RULESET_OWN_MAX; i++) {
        size_t begin = wire_write_begin(out, RULESET_FIELD_OWN);
        wire_write_bytes(out, OWN_FIELD_CHAIN, own_rules[i].chain);
        wire_write_uint(out, OWN_FIELD_NUMBER, own_rules[i].number);
        wire_write_end(out, begin);
    }
}

static bool own_rule_read(struct bytes body, struct ruleset_own *ret_rule)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    *ret_rule = (struct ruleset_own){0};
    while (wire_read_field(&reader, &field)) {
        if (field.number == OWN_FIELD_CHAIN)
            ret_rule->chain = wire_read_bytes(&reader, &field);
        else if (field.number == OWN_FIELD_NUMBER)
            ret_rule->number = (uint32_t)wire_read_uint(&reader, &field);
    }
    return !reader.bad;
}

bool ruleset_part_read(struct bytes body, struct ruleset_part *ret_part)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct ruleset_part part = {.body = body};
    struct ruleset_own own;
    size_t own_count = 0;
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
        case RULESET_FIELD_CAPTURE_ID:
            part.capture_id = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_RULESET:
            part.ruleset = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_GENERATION:
            part.generation = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_FAMILY:
            part.family = (unsigned)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_TABLE:
            part.table = wire_read_bytes(&reader, &field);
            break;
        case RULESET_FIELD_NETNS:
            part.netns = wire_read_bytes(&reader, &field);
            break;
        case RULESET_FIELD_TIME:
            part.time_ns = wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_PART:
            part.part = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_PARTS:
            part.parts = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case RULESET_FIELD_TEXT:
            part.text = wire_read_bytes(&reader, &field);
            break;
        case RULESET_FIELD_OWN:
            if (!own_rule_read(wire_read_bytes(&reader, &field), &own) || ++own_count > RULESET_OWN_MAX)
                reader.bad = true;
            break;
        }
    }
    *ret_part = part;
    return !reader.bad;
}

bool ruleset_part_next_own(struct wire_reader *reader, struct ruleset_own *ret_rule)
{
    struct wire_field field;
    while (wire_read_field(reader, &field))
        if (field.number == RULESET_FIELD_OWN)
            return own_rule_read(wire_read_bytes(reader, &field), ret_rule);
    return false;
}

bool ruleset_part_own(const struct ruleset_part *part, size_t index, struct ruleset_own *ret_rule)
{
    struct wire_reader reader = wire_reader_of(part->body);
    struct ruleset_own own;
    do {
        if (!ruleset_part_next_own(&reader, &own))
            return false;
    } while (index-- > 0);
    *ret_rule = own;
    return true;
}
