/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The encoding of a step. */
#include "format/step_codec.h"

#include <string.h>

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

#define NOTHING(number, name, type)

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
