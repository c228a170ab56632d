/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One step of a packet's path: everything that goes through all its members, and its line of text. */
#include "format/step.h"

#include <stdio.h>
#include <string.h>

#include "format/hash.h"

#define STRING_ALIKE(number, name)       &&bytes_equal(a->name, b->name)
#define NUMBER_ALIKE(number, name, type) &&a->name == b->name
#define KNOWN_ALIKE(number, name, type)  &&a->has_##name == b->has_##name && a->name == b->name

bool context_equal(const struct context *a, const struct context *b)
{
    return true CONTEXT_TABLE(KNOWN_ALIKE, STRING_ALIKE);
}

static bool change_equal(const struct change *a, const struct change *b)
{
    return true CHANGE_TABLE(STRING_ALIKE, KNOWN_ALIKE);
}

bool step_alike(const struct step *a, const struct step *b)
{
    return a->has_time ==
               b->has_time STEP_TABLE(STRING_ALIKE, NUMBER_ALIKE, STRING_ALIKE, NUMBER_ALIKE, STRING_ALIKE) &&
           context_equal(&a->context, &b->context) && change_equal(&a->change, &b->change);
}

#define STRING_EMPTY(number, name)      &&change->name.length == 0
#define KNOWN_EMPTY(number, name, type) &&!change->has_##name

bool change_is_empty(const struct change *change)
{
    return true CHANGE_TABLE(STRING_EMPTY, KNOWN_EMPTY);
}

/* Cheap for each member, and spread once a step. */
#define STRING_HASH(number, name)       sum = sum * 31 + of->name.length;
#define NUMBER_HASH(number, name, type) sum = sum * 31 + of->name;
#define ADDRESS_HASH(number, name)      hash = of->name.length > 0 ? hash_bytes(hash, of->name) : hash;

static uint64_t context_sum(uint64_t sum, const struct context *of)
{
    CONTEXT_TABLE(NUMBER_HASH, STRING_HASH)
    return sum;
}

static uint64_t change_hash(uint64_t hash, const struct change *of)
{
    uint64_t sum = 0;
    CHANGE_TABLE(ADDRESS_HASH, NUMBER_HASH)
    return hash ^ sum;
}

uint64_t step_hash(uint64_t hash, const struct step *of)
{
    uint64_t sum = 0;
    STEP_TABLE(STRING_HASH, NUMBER_HASH, STRING_HASH, NUMBER_HASH, STRING_HASH)
    return hash_number(change_hash(hash, &of->change), context_sum(sum, &of->context));
}

#define NOTHING(number, name, type)
#define STRING_VISIT(number, name)  visit(user, &step->name, STEP_NAME_MAX);
#define LINE_VISIT(number, name)    visit(user, &step->name, STEP_##name##_VISIT_MAX);
#define CONTEXT_VISIT(number, name) visit(user, &step->context.name, STEP_NAME_MAX);
#define CHANGE_VISIT(number, name)  visit(user, &step->change.name, STEP_NAME_MAX);
#define STEP_rule_VISIT_MAX         STEP_RULE_MAX
#define STEP_comment_VISIT_MAX      STEP_NAME_MAX

typedef void visit_string_fn(void *user, struct bytes *string, size_t max);

/* All strings, in the order of the tables, with how much of each is written at most. */
static inline void each_name(struct step *step, visit_string_fn *visit, void *user)
{
    STEP_TABLE(STRING_VISIT, NOTHING, STRING_VISIT, NOTHING, LINE_VISIT)
    CONTEXT_TABLE(NOTHING, CONTEXT_VISIT)
}

/* The same, and the addresses. */
static inline void each_string(struct step *step, visit_string_fn *visit, void *user)
{
    each_name(step, visit, user);
    CHANGE_TABLE(CHANGE_VISIT, NOTHING)
}

static void add_length(void *user, struct bytes *string, size_t max)
{
    size_t *length = user;
    (void)max;
    *length += string->length;
}

size_t step_strings_length(const struct step *step)
{
    size_t length = 0;
    each_string((struct step *)step, add_length, &length);
    return length;
}

static void add_room(void *user, struct bytes *string, size_t max)
{
    size_t *room = user;
    *room += bytes_cut(*string, max).length;
}

size_t step_room(const struct step *step)
{
    size_t room = 192; /* numbers, addresses and times included */
    each_name((struct step *)step, add_room, &room);
    return room;
}

static void keep_string(void *user, struct bytes *string, size_t max)
{
    uint8_t **at = user;
    (void)max;
    if (string->length > 0)
        memcpy(*at, string->data, string->length);
    string->data = *at;
    *at += string->length;
}

void step_keep_strings(struct step *step, uint8_t *at)
{
    each_string(step, keep_string, &at);
}

static void cut_string(void *user, struct bytes *string, size_t max)
{
    (void)user;
    *string = bytes_cut(*string, max);
}

#define STRING_SHARED(number, name)       &&bytes_equal(shared->name, bytes_cut(step->name, STEP_NAME_MAX))
#define LINE_SHARED(number, name)         &&bytes_equal(shared->name, bytes_cut(step->name, STEP_##name##_VISIT_MAX))
#define NUMBER_SHARED(number, name, type) &&shared->name == step->name
#define INTERFACE_SHARED(number, name)                                                                       \
    &&bytes_equal(shared->context.name, bytes_cut(step->context.name, STEP_NAME_MAX))

bool step_is_shared(const struct step *shared, const struct step *step)
{
    return true STEP_TABLE(STRING_SHARED, NUMBER_SHARED, STRING_SHARED, NUMBER_SHARED, LINE_SHARED)
        CONTEXT_TABLE(NOTHING, INTERFACE_SHARED);
}

#define SHARE_INTERFACE(number, name) shared.context.name = step->context.name;

struct step step_shared(const struct step *step)
{
    struct step shared = *step;
    shared.has_time = false;
    shared.time_ns = 0;
    shared.change = (struct change){0};
    shared.context = (struct context){0};
    CONTEXT_TABLE(NOTHING, SHARE_INTERFACE)
    each_string(&shared, cut_string, NULL);
    return shared;
}

size_t step_format(const struct step *step, char *buffer, size_t size)
{
    const char *type = step_type_name(step->type);
    int length = snprintf(
        buffer, size, "%.*s:%.*s:%s:%u%s%.*s", (int)step->table.length, (const char *)step->table.data,
        (int)step->chain.length, (const char *)step->chain.data, type ? type : "?", step->rulenum,
        step->rule.length > 0 ? " " : "", (int)step->rule.length, (const char *)step->rule.data);
    return length < 0 ? 0 : (size_t)length;
}
