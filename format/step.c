/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One step of a packet's path: its encoding and its line of text. */
#include "format/step.h"

#include <stdio.h>
#include <string.h>

#include "format/hash.h"
#include "format/rule_line.h"

/* Field numbers: those of the tables, and of what a step holds besides its members; docs/format.md, "Step",
 * "Context", "Change". */
#define STRING_FIELD(number, name)       STEP_FIELD_##name = (number),
#define NUMBER_FIELD(number, name, type) STEP_FIELD_##name = (number),
enum {
    STEP_TABLE(STRING_FIELD, NUMBER_FIELD, STRING_FIELD, NUMBER_FIELD, STRING_FIELD) STEP_FIELD_TIME = 10,
    STEP_FIELD_CONTEXT = 11,
    STEP_FIELD_CHANGE = 12,
    STEP_FIELD_OPTIONS = 13,
    STEP_FIELD_TARGET_OPTIONS = 14,
    STEP_FIELD_COMMENT_AT = 15,
    STEP_FIELD_COMMENT_LENGTH = 16,
    STEP_FIELD_GOTO = 17,
};

/* ---- What goes through all members ---- */

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

/* ---- Writing ---- */

static void write_number(struct wire_writer *writer, uint32_t field, uint64_t value)
{
    if (value != 0)
        wire_write_uint(writer, field, value);
}

static void write_known(struct wire_writer *writer, uint32_t field, bool known, uint64_t value)
{
    if (known)
        wire_write_uint(writer, field, value);
}

static uint32_t number_of(struct step_encoder *encoder, struct bytes string, size_t max)
{
    return encoder->number(encoder->user, bytes_cut(string, max));
}

/* A name's number; nothing where it is empty. */
static void write_name(struct wire_writer *writer, uint32_t field, struct bytes name,
                       struct step_encoder *encoder)
{
    write_number(writer, field, number_of(encoder, name, STEP_NAME_MAX));
}

/* Likewise; nothing where it is the same as before. */
static void write_other_name(struct wire_writer *writer, uint32_t field, struct bytes name,
                             struct bytes before, struct step_encoder *encoder)
{
    if (!bytes_equal(name, before))
        wire_write_uint(writer, field, number_of(encoder, name, STEP_NAME_MAX));
}

#define WRITE_NAME(number, name)        write_name(writer, number, of->name, encoder);
#define WRITE_KNOWN(number, name, type) write_known(writer, number, of->has_##name, of->name);
#define WRITE_ADDRESS(number, name)                                                                          \
    if (of->name.length > 0)                                                                                 \
        wire_write_bytes(writer, number, of->name);

static void context_write(struct wire_writer *writer, const struct context *of, struct step_encoder *encoder)
{
    size_t begin = wire_write_begin(writer, STEP_FIELD_CONTEXT);
    CONTEXT_TABLE(WRITE_KNOWN, WRITE_NAME)
    wire_write_end(writer, begin);
}

static void change_write(struct wire_writer *writer, const struct change *of)
{
    size_t begin = wire_write_begin(writer, STEP_FIELD_CHANGE);
    CHANGE_TABLE(WRITE_ADDRESS, WRITE_KNOWN)
    wire_write_end(writer, begin);
}

/* What of a step is said in another way than as a whole. */
struct saying {
    bool in_parts;          /* the rule's line */
    struct rule_line parts; /* of it */
    const uint8_t *comment; /* where the comment stands in that line; null: nowhere */
    size_t comment_length;
};

/* The parts that a reader makes the line of; false where it has to stand as a whole. */
static bool take_apart(const struct step *step, const struct step_encoder *encoder,
                       struct rule_line *ret_parts)
{
    if (step->chain.length > STEP_NAME_MAX || step->target.length > STEP_NAME_MAX ||
        step->rule.length > STEP_RULE_MAX || step->rule.length > encoder->lines_left)
        return false;
    if (step->type != STEP_POLICY)
        return rule_line_split(step->rule, step->chain, step->target, ret_parts);
    *ret_parts = (struct rule_line){.chain = step->chain, .target = step->target, .is_policy = true};
    return step->target.length > 0 && rule_line_is_policy(step->rule, step->chain, step->target);
}

static struct saying saying_of(const struct step *step, struct step_encoder *encoder)
{
    struct saying saying = {.comment_length = bytes_cut(step->comment, STEP_NAME_MAX).length};
    saying.in_parts = take_apart(step, encoder, &saying.parts);
    if (saying.in_parts)
        encoder->lines_left -= step->rule.length;
    if (saying.comment_length > 0 && step->rule.length > 0)
        saying.comment = memmem(step->rule.data, bytes_cut(step->rule, STEP_RULE_MAX).length,
                                step->comment.data, saying.comment_length);
    return saying;
}

static void write_rule(struct wire_writer *writer, const struct step *step, const struct saying *saying,
                       struct step_encoder *encoder)
{
    if (saying->in_parts)
        return;
    /* That a policy's line is not known has to be said: it would be made of chain and target. */
    if (step->rule.length > 0 || step->type == STEP_POLICY)
        wire_write_uint(writer, STEP_FIELD_rule, number_of(encoder, step->rule, STEP_RULE_MAX));
}

static void write_comment(struct wire_writer *writer, const struct step *step, const struct saying *saying,
                          struct step_encoder *encoder)
{
    if (!saying->comment)
        write_name(writer, STEP_FIELD_comment, step->comment, encoder);
}

static void write_parts(struct wire_writer *writer, const struct step *step, const struct saying *saying,
                        struct step_encoder *encoder)
{
    const struct rule_line *parts = &saying->parts;
    bool has_options = saying->in_parts && !parts->is_policy;
    if (has_options) {
        wire_write_uint(writer, STEP_FIELD_OPTIONS, number_of(encoder, parts->options, STEP_RULE_MAX));
        write_number(writer, STEP_FIELD_TARGET_OPTIONS,
                     number_of(encoder, parts->target_options, STEP_RULE_MAX));
    }
    if (saying->comment) {
        write_number(writer, STEP_FIELD_COMMENT_AT, (uint64_t)(saying->comment - step->rule.data));
        wire_write_uint(writer, STEP_FIELD_COMMENT_LENGTH, saying->comment_length);
    }
    if (has_options)
        write_number(writer, STEP_FIELD_GOTO, parts->is_goto);
}

/* Times count from the step before, or where it has none, from the packet's. */
static int64_t time_base(const struct step *before)
{
    return before->has_time ? before->time_ns : 0;
}

void step_write_time(struct wire_writer *writer, const struct step *step, const struct step *before)
{
    uint64_t base_ns = before ? (uint64_t)time_base(before) : 0;
    if (step->has_time)
        wire_write_sint(writer, STEP_FIELD_TIME, (int64_t)((uint64_t)step->time_ns - base_ns));
}

#define WRITE_SAME_NAME(number, name) write_other_name(writer, number, of->name, before->name, encoder);
#define WRITE_SAME_NUMBER(number, name, type)                                                                \
    if (of->name != before->name)                                                                            \
        wire_write_uint(writer, number, of->name);
#define WRITE_NUMBER(number, name, type) write_number(writer, number, of->name);
#define WRITE_LINE(number, name)         write_##name(writer, of, &saying, encoder);

struct step_gap step_write(struct wire_writer *writer, const struct step *of, const struct step *before,
                           struct step_encoder *encoder)
{
    static const struct step none;
    struct saying saying = saying_of(of, encoder);
    size_t begin = writer->length;
    if (!before)
        before = &none;
    STEP_TABLE(WRITE_SAME_NAME, WRITE_SAME_NUMBER, WRITE_NAME, WRITE_NUMBER, WRITE_LINE)
    struct step_gap gap = {.at = (uint32_t)(writer->length - begin)};
    step_write_time(writer, of, before);
    gap.length = (uint32_t)(writer->length - begin) - gap.at;
    if (!context_equal(&of->context, &before->context))
        context_write(writer, &of->context, encoder);
    if (!change_is_empty(&of->change))
        change_write(writer, &of->change);
    write_parts(writer, of, &saying, encoder);
    return gap;
}

/* ---- Reading ---- */

static struct bytes read_string(const struct string_list *strings, const struct wire_field *field,
                                struct wire_reader *reader)
{
    return string_list_get(strings, wire_read_uint(reader, field), reader);
}

#define READ_STRING(number, name)                                                                            \
    case number:                                                                                             \
        to->name = read_string(strings, &field, &reader);                                                    \
        break;
#define READ_NUMBER(number, name, type)                                                                      \
    case number:                                                                                             \
        to->name = (type)wire_read_uint(&reader, &field);                                                    \
        break;
#define READ_KNOWN(number, name, type)                                                                       \
    case number:                                                                                             \
        to->has_##name = true;                                                                               \
        to->name = (type)wire_read_uint(&reader, &field);                                                    \
        break;
#define READ_ADDRESS(number, name)                                                                           \
    case number:                                                                                             \
        to->name = wire_read_bytes(&reader, &field);                                                         \
        if (!is_address(to->name))                                                                           \
            reader.bad = true;                                                                               \
        break;

static bool context_read(struct bytes body, const struct string_list *strings, struct context *to)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    *to = (struct context){0};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
            CONTEXT_TABLE(READ_KNOWN, READ_STRING)
        }
    }
    return !reader.bad;
}

static bool is_address(struct bytes address)
{
    return address.length == 0 || address.length == 4 || address.length == 16;
}

static bool change_read(struct bytes body, struct change *to)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    *to = (struct change){0};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
            CHANGE_TABLE(READ_ADDRESS, READ_KNOWN)
        }
    }
    return !reader.bad;
}

/* What a step says of its rule's line and comment, which are made when all of it has been read. */
struct said_line {
    struct rule_line parts;
    bool in_parts; /* `parts` was said, and not the line as a whole */
    bool has_whole_rule, has_whole_comment;
    bool has_comment;
    uint64_t comment_at, comment_length;
};

/* Puts the line together; false where a reader may not spend so much memory. */
static bool join_line(const struct rule_line *parts, struct step_decoder *decoder, struct step *step)
{
    size_t length = rule_line_length(parts);
    if (length > decoder->lines_left)
        return false;
    decoder->lines_left -= length;
    uint8_t *line = decoder->allocate(decoder->user, length);
    rule_line_join(parts, line);
    step->rule = (struct bytes){line, length};
    return true;
}

static bool finish_line(struct said_line *said, struct step_decoder *decoder, struct step *step)
{
    said->parts.chain = step->chain;
    said->parts.target = step->target;
    said->parts.is_policy = step->type == STEP_POLICY && step->target.length > 0 && !said->in_parts;
    if (!said->has_whole_rule && (said->in_parts || said->parts.is_policy) &&
        !join_line(&said->parts, decoder, step))
        return false;
    if (!said->has_comment)
        return true;
    if (said->comment_at > step->rule.length || said->comment_length > step->rule.length - said->comment_at)
        return false;
    if (said->comment_length > 0)
        step->comment = (struct bytes){step->rule.data + said->comment_at, said->comment_length};
    return true;
}

static void read_line_field(const struct wire_field *field, const struct string_list *strings,
                            struct wire_reader *reader, struct said_line *said)
{
    switch (field->number) {
    case STEP_FIELD_OPTIONS:
        said->in_parts = true;
        said->parts.options = read_string(strings, field, reader);
        break;
    case STEP_FIELD_TARGET_OPTIONS:
        said->parts.target_options = read_string(strings, field, reader);
        break;
    case STEP_FIELD_GOTO:
        said->parts.is_goto = wire_read_uint(reader, field) != 0;
        break;
    case STEP_FIELD_COMMENT_AT:
        said->comment_at = wire_read_uint(reader, field);
        break;
    case STEP_FIELD_COMMENT_LENGTH:
        said->has_comment = true;
        said->comment_length = wire_read_uint(reader, field);
        break;
    }
}

#define KEEP_NAME(number, name)         .name = to->name,
#define KEEP_NUMBER(number, name, type) .name = to->name,
#define DROP_NAME(number, name)
#define READ_LINE(number, name)                                                                              \
    case number:                                                                                             \
        to->name = read_string(strings, &field, &reader);                                                    \
        said.has_whole_##name = true;                                                                        \
        break;

bool step_read(struct bytes body, struct step_decoder *decoder, struct step *to)
{
    const struct string_list *strings = decoder->strings;
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct said_line said = {0};
    int64_t base_ns = time_base(to);
    *to = (struct step){STEP_TABLE(KEEP_NAME, KEEP_NUMBER, DROP_NAME, NOTHING, DROP_NAME).context =
                            to->context};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
            STEP_TABLE(READ_STRING, READ_NUMBER, READ_STRING, READ_NUMBER, READ_LINE)
        case STEP_FIELD_TIME:
            to->has_time = true;
            to->time_ns = (int64_t)((uint64_t)base_ns + (uint64_t)wire_read_sint(&reader, &field));
            break;
        case STEP_FIELD_CONTEXT:
            if (!context_read(wire_read_bytes(&reader, &field), strings, &to->context))
                return false;
            break;
        case STEP_FIELD_CHANGE:
            if (!change_read(wire_read_bytes(&reader, &field), &to->change))
                return false;
            break;
        default:
            read_line_field(&field, strings, &reader, &said);
        }
    }
    return !reader.bad && finish_line(&said, decoder, to);
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
