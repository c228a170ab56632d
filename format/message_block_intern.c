/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The strings and rules of a message block that is being written. */
#include "format/message_block_intern.h"

#include <glib.h>
#include <string.h>

#include "format/hash.h"
#include "format/message_block_fields.h"

static uint32_t fold(uint64_t hash)
{
    return (uint32_t)(hash >> 32 ^ hash);
}

static struct bytes string_at(const struct block_intern *intern, unsigned index)
{
    const struct intern_string *string = &intern->strings[index];
    return (struct bytes){intern->string_fields.data + string->offset, string->length};
}

static uint32_t intern_string(void *user, struct bytes string)
{
    struct block_intern *intern = user;
    uint32_t number = known_string_number(string);
    if (string.length == 0 || number != 0)
        return number;
    uint32_t hash = fold(hash_bytes(HASH_BEGIN, string));
    uint32_t slot = hash % INTERN_SLOTS;
    for (; intern->string_slots[slot] != 0; slot = (slot + 1) % INTERN_SLOTS) {
        unsigned index = intern->string_slots[slot] - 1u;
        if (intern->strings[index].hash == hash && bytes_equal(string_at(intern, index), string))
            return STRINGS_OWN_FIRST + index;
    }
    wire_write_bytes(&intern->string_fields, BLOCK_FIELD_STRING, string);
    number = STRINGS_OWN_FIRST + intern->string_count;
    intern->strings[intern->string_count++] = (struct intern_string){
        .hash = hash,
        .offset = (uint32_t)(intern->string_fields.length - string.length),
        .length = (uint32_t)string.length,
    };
    intern->string_slots[slot] = (uint16_t)intern->string_count;
    return number;
}

static bool is_of(const struct intern_rule *rule, struct bytes prefix, const struct step *step)
{
    return bytes_equal(rule->prefix, prefix) && step_is_shared(&rule->step, step);
}

static void write_rule(struct block_intern *intern, struct bytes prefix, const struct step *shared)
{
    struct step_encoder encoder = {
        .number = intern_string, .user = intern, .lines_left = FORMAT_LINES_MAX - intern->lines};
    struct wire_writer *out = &intern->rule_fields;
    uint32_t number = intern_string(intern, prefix);
    size_t rule = wire_write_begin(out, BLOCK_FIELD_RULE);
    if (number != 0)
        wire_write_uint(out, RULE_FIELD_PREFIX, number);
    size_t nested = wire_write_begin(out, RULE_FIELD_STEP);
    step_write(out, shared, NULL, &encoder);
    wire_write_end(out, nested);
    wire_write_end(out, rule);
    intern->lines = FORMAT_LINES_MAX - encoder.lines_left;
}

static uint32_t add_rule(struct block_intern *intern, uint32_t hash, struct bytes prefix,
                         const struct step *shared)
{
    struct intern_rule *rule = &intern->rules[intern->rule_count++];
    uint8_t *memory = g_malloc(prefix.length + step_strings_length(shared) + 1); /* never null */
    *rule = (struct intern_rule){
        .hash = hash, .memory = memory, .prefix = {memory, prefix.length},
                .step = *shared
    };
    if (prefix.length > 0)
        memcpy(memory, prefix.data, prefix.length);
    step_keep_strings(&rule->step, memory + prefix.length);
    write_rule(intern, prefix, shared);
    return intern->rule_count;
}

/* Bytes that a new rule takes at most. */
static size_t room_for(struct bytes prefix, const struct step *shared)
{
    return 192 + prefix.length + step_strings_length(shared) + STEP_STRINGS_MAX * 4;
}

uint32_t block_intern_rule(struct block_intern *intern, struct bytes prefix, const struct step *step,
                           size_t room)
{
    prefix = bytes_cut(prefix, STEP_NAME_MAX);
    uint64_t hash = hash_number(hash_bytes(HASH_BEGIN, prefix), (uint64_t)step->ruleset << 1 | step->stale);
    hash = hash_bytes(hash_bytes(hash, step->context.in), step->context.out);
    uint32_t folded = fold(hash), slot = folded % INTERN_SLOTS;
    for (; intern->rule_slots[slot] != 0; slot = (slot + 1) % INTERN_SLOTS) {
        uint16_t number = intern->rule_slots[slot];
        const struct intern_rule *rule = &intern->rules[number - 1];
        if (rule->hash == folded && is_of(rule, prefix, step))
            return number;
    }
    const struct step shared = step_shared(step);
    if (room_for(prefix, &shared) > room || intern->rule_count == MESSAGE_BLOCK_RULES_MAX ||
        intern->string_count + STEP_STRINGS_MAX + 1 > MESSAGE_BLOCK_STRINGS_MAX ||
        shared.rule.length > FORMAT_LINES_MAX - intern->lines)
        return 0;
    uint32_t number = add_rule(intern, folded, prefix, &shared);
    intern->rule_slots[slot] = (uint16_t)number;
    return number;
}

static void forget_rules(struct block_intern *intern)
{
    for (uint32_t i = 0; i < intern->rule_count; i++)
        g_free(intern->rules[i].memory);
    intern->rule_count = 0;
}

void block_intern_reset(struct block_intern *intern)
{
    intern->string_fields.length = 0;
    intern->rule_fields.length = 0;
    intern->lines = 0;
    intern->string_count = 0;
    forget_rules(intern);
    memset(intern->string_slots, 0, sizeof intern->string_slots);
    memset(intern->rule_slots, 0, sizeof intern->rule_slots);
}

void block_intern_done(struct block_intern *intern)
{
    wire_writer_done(&intern->string_fields);
    wire_writer_done(&intern->rule_fields);
    forget_rules(intern);
}
