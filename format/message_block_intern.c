/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strings and rules of a message block that is being written. */
#include "format/message_block_intern.h"

#include <string.h>

#include "format/message_block_fields.h"

/* Eight bytes at a time, multiplied and folded: the texts are ours, an attacker gains nothing but a slow
 * search, and the whole content is compared after it. */
static uint64_t hash_bytes(uint64_t hash, struct bytes bytes)
{
    const uint64_t odd = 0x9E3779B97F4A7C15ull;
    hash ^= bytes.length;
    while (bytes.length > 0) {
        size_t length = bytes.length < 8 ? bytes.length : 8;
        uint64_t word = 0;
        memcpy(&word, bytes.data, length);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 29;
        bytes.data += length;
        bytes.length -= length;
    }
    return hash;
}

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
    uint32_t hash = fold(hash_bytes(1, string));
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

static void strings_of(struct bytes prefix, const struct step *step,
                       struct bytes strings[INTERN_STRING_COUNT])
{
    strings[INTERN_PREFIX] = prefix;
    strings[INTERN_TABLE] = step->table;
    strings[INTERN_CHAIN] = step->chain;
    strings[INTERN_RULE] = step->rule;
    strings[INTERN_TARGET] = step->target;
    strings[INTERN_COMMENT] = step->comment;
    strings[INTERN_IN] = step->context.in;
    strings[INTERN_OUT] = step->context.out;
    strings[INTERN_PHYSIN] = step->context.physin;
    strings[INTERN_PHYSOUT] = step->context.physout;
    for (unsigned i = 0; i < INTERN_STRING_COUNT; i++)
        strings[i] = bytes_cut(strings[i], i == INTERN_RULE ? STEP_RULE_MAX : STEP_NAME_MAX);
}

static bool rule_equal(const struct block_intern *intern, const struct intern_rule *rule,
                       const struct step *step, const struct bytes strings[INTERN_STRING_COUNT])
{
    if (rule->type != step->type || rule->rulenum != step->rulenum || rule->ruleset != step->ruleset ||
        rule->stale != step->stale)
        return false;
    const uint8_t *key = intern->keys.data + rule->keys;
    for (unsigned i = 0; i < INTERN_STRING_COUNT; key += rule->length[i++])
        if (!bytes_equal((struct bytes){key, rule->length[i]}, strings[i]))
            return false;
    return true;
}

/* What messages share: of the context the interface names only, and neither time nor change. */
static void write_rule(struct block_intern *intern, struct bytes prefix, const struct step *step)
{
    struct step shared = *step;
    shared.has_time = false;
    shared.change = (struct change){0};
    shared.context = (struct context){
        .in = step->context.in,
        .out = step->context.out,
        .physin = step->context.physin,
        .physout = step->context.physout,
    };
    struct step_encoder encoder = {
        .number = intern_string, .user = intern, .lines_left = FORMAT_LINES_MAX - intern->lines};
    struct wire_writer *out = &intern->rule_fields;
    uint32_t number = intern_string(intern, prefix);
    size_t rule = wire_write_begin(out, BLOCK_FIELD_RULE);
    if (number != 0)
        wire_write_uint(out, RULE_FIELD_PREFIX, number);
    size_t nested = wire_write_begin(out, RULE_FIELD_STEP);
    step_write(out, &shared, NULL, &encoder);
    wire_write_end(out, nested);
    wire_write_end(out, rule);
    intern->lines = FORMAT_LINES_MAX - encoder.lines_left;
}

static uint32_t add_rule(struct block_intern *intern, uint32_t hash, const struct step *step,
                         const struct bytes strings[INTERN_STRING_COUNT])
{
    struct intern_rule *rule = &intern->rules[intern->rule_count++];
    *rule = (struct intern_rule){
        .hash = hash,
        .keys = intern->keys.length,
        .type = step->type,
        .rulenum = step->rulenum,
        .ruleset = step->ruleset,
        .stale = step->stale,
    };
    for (unsigned i = 0; i < INTERN_STRING_COUNT; i++) {
        rule->length[i] = (uint32_t)strings[i].length;
        wire_write_raw(&intern->keys, strings[i].data, strings[i].length);
    }
    write_rule(intern, strings[INTERN_PREFIX], step);
    return intern->rule_count;
}

uint32_t block_intern_rule(struct block_intern *intern, struct bytes prefix, const struct step *step,
                           size_t room)
{
    struct bytes strings[INTERN_STRING_COUNT];
    strings_of(prefix, step, strings);
    uint64_t seed = (uint64_t)step->ruleset << 1 | step->stale;
    uint64_t long_hash =
        hash_bytes(hash_bytes(hash_bytes(seed, prefix), strings[INTERN_IN]), strings[INTERN_OUT]);
    uint32_t hash = fold(long_hash);
    uint32_t slot = hash % INTERN_SLOTS;
    for (; intern->rule_slots[slot] != 0; slot = (slot + 1) % INTERN_SLOTS) {
        uint16_t number = intern->rule_slots[slot];
        const struct intern_rule *rule = &intern->rules[number - 1];
        if (rule->hash == hash && rule_equal(intern, rule, step, strings))
            return number;
    }

    size_t needed = 192, line = strings[INTERN_RULE].length;
    for (unsigned i = 0; i < INTERN_STRING_COUNT; i++)
        needed += strings[i].length + 4;
    if (needed > room || intern->rule_count == MESSAGE_BLOCK_RULES_MAX ||
        intern->string_count + STEP_STRINGS_MAX + 1 > MESSAGE_BLOCK_STRINGS_MAX ||
        line > FORMAT_LINES_MAX - intern->lines)
        return 0;
    uint32_t number = add_rule(intern, hash, step, strings);
    intern->rule_slots[slot] = (uint16_t)number;
    return number;
}

void block_intern_reset(struct block_intern *intern)
{
    intern->string_fields.length = 0;
    intern->rule_fields.length = 0;
    intern->keys.length = 0;
    intern->lines = 0;
    intern->string_count = 0;
    intern->rule_count = 0;
    memset(intern->string_slots, 0, sizeof intern->string_slots);
    memset(intern->rule_slots, 0, sizeof intern->rule_slots);
}

void block_intern_done(struct block_intern *intern)
{
    wire_writer_done(&intern->string_fields);
    wire_writer_done(&intern->rule_fields);
    wire_writer_done(&intern->keys);
}
