/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a packet's way: its encoding and its line of text. */
#include "format/step.h"

#include <stdio.h>
#include <string.h>

#include "format/rule_line.h"

/* Field numbers: docs/format.md, "Step", "Context", "Change". */
enum {
    STEP_FIELD_TABLE = 1,
    STEP_FIELD_CHAIN = 2,
    STEP_FIELD_TYPE = 3,
    STEP_FIELD_RULENUM = 4,
    STEP_FIELD_RULE = 5,
    STEP_FIELD_TARGET = 6,
    STEP_FIELD_COMMENT = 7,
    STEP_FIELD_RULESET = 8,
    STEP_FIELD_STALE = 9,
    STEP_FIELD_TIME = 10,
    STEP_FIELD_CONTEXT = 11,
    STEP_FIELD_CHANGE = 12,
    STEP_FIELD_OPTIONS = 13,
    STEP_FIELD_TARGET_OPTIONS = 14,
    STEP_FIELD_COMMENT_AT = 15,
    STEP_FIELD_COMMENT_LENGTH = 16,
    STEP_FIELD_GOTO = 17,
};

enum {
    CONTEXT_FIELD_HOOK = 1,
    CONTEXT_FIELD_IN = 2,
    CONTEXT_FIELD_OUT = 3,
    CONTEXT_FIELD_PHYSIN = 4,
    CONTEXT_FIELD_PHYSOUT = 5,
    CONTEXT_FIELD_MARK = 6,
    CONTEXT_FIELD_UID = 7,
    CONTEXT_FIELD_GID = 8,
};

enum {
    CHANGE_FIELD_SRC = 1,
    CHANGE_FIELD_DST = 2,
    CHANGE_FIELD_SRCPORT = 3,
    CHANGE_FIELD_DSTPORT = 4,
    CHANGE_FIELD_TTL = 5,
    CHANGE_FIELD_TOS = 6,
    CHANGE_FIELD_LENGTH = 7,
};

bool context_equal(const struct context *a, const struct context *b)
{
    return a->has_hook == b->has_hook && a->hook == b->hook && a->has_mark == b->has_mark &&
           a->mark == b->mark && a->has_uid == b->has_uid && a->uid == b->uid && a->has_gid == b->has_gid &&
           a->gid == b->gid && bytes_equal(a->in, b->in) && bytes_equal(a->out, b->out) &&
           bytes_equal(a->physin, b->physin) && bytes_equal(a->physout, b->physout);
}

bool change_is_empty(const struct change *change)
{
    return change->src.length == 0 && change->dst.length == 0 && !change->has_srcport &&
           !change->has_dstport && !change->has_ttl && !change->has_tos && !change->has_length;
}

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

static void context_write(struct wire_writer *writer, const struct context *context,
                          struct step_encoder *encoder)
{
    size_t begin = wire_write_begin(writer, STEP_FIELD_CONTEXT);
    write_known(writer, CONTEXT_FIELD_HOOK, context->has_hook, context->hook);
    write_name(writer, CONTEXT_FIELD_IN, context->in, encoder);
    write_name(writer, CONTEXT_FIELD_OUT, context->out, encoder);
    write_name(writer, CONTEXT_FIELD_PHYSIN, context->physin, encoder);
    write_name(writer, CONTEXT_FIELD_PHYSOUT, context->physout, encoder);
    write_known(writer, CONTEXT_FIELD_MARK, context->has_mark, context->mark);
    write_known(writer, CONTEXT_FIELD_UID, context->has_uid, context->uid);
    write_known(writer, CONTEXT_FIELD_GID, context->has_gid, context->gid);
    wire_write_end(writer, begin);
}

static void change_write(struct wire_writer *writer, const struct change *change)
{
    size_t begin = wire_write_begin(writer, STEP_FIELD_CHANGE);
    if (change->src.length > 0)
        wire_write_bytes(writer, CHANGE_FIELD_SRC, change->src);
    if (change->dst.length > 0)
        wire_write_bytes(writer, CHANGE_FIELD_DST, change->dst);
    write_known(writer, CHANGE_FIELD_SRCPORT, change->has_srcport, change->srcport);
    write_known(writer, CHANGE_FIELD_DSTPORT, change->has_dstport, change->dstport);
    write_known(writer, CHANGE_FIELD_TTL, change->has_ttl, change->ttl);
    write_known(writer, CHANGE_FIELD_TOS, change->has_tos, change->tos);
    write_known(writer, CHANGE_FIELD_LENGTH, change->has_length, change->length);
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

static void write_whole(struct wire_writer *writer, const struct step *step, const struct saying *saying,
                        struct step_encoder *encoder)
{
    if (saying->in_parts)
        return;
    /* That a policy's line is not known has to be said: it would be made of chain and target. */
    if (step->rule.length > 0 || step->type == STEP_POLICY)
        wire_write_uint(writer, STEP_FIELD_RULE, number_of(encoder, step->rule, STEP_RULE_MAX));
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

struct step_gap step_write(struct wire_writer *writer, const struct step *step, const struct step *before,
                           struct step_encoder *encoder)
{
    static const struct step none;
    struct saying saying = saying_of(step, encoder);
    size_t begin = writer->length;
    if (!before)
        before = &none;
    write_other_name(writer, STEP_FIELD_TABLE, step->table, before->table, encoder);
    write_other_name(writer, STEP_FIELD_CHAIN, step->chain, before->chain, encoder);
    write_number(writer, STEP_FIELD_TYPE, step->type);
    write_number(writer, STEP_FIELD_RULENUM, step->rulenum);
    write_whole(writer, step, &saying, encoder);
    write_name(writer, STEP_FIELD_TARGET, step->target, encoder);
    if (!saying.comment)
        write_name(writer, STEP_FIELD_COMMENT, step->comment, encoder);
    if (step->ruleset != before->ruleset)
        wire_write_uint(writer, STEP_FIELD_RULESET, step->ruleset);
    write_number(writer, STEP_FIELD_STALE, step->stale);
    struct step_gap gap = {.at = (uint32_t)(writer->length - begin)};
    step_write_time(writer, step, before);
    gap.length = (uint32_t)(writer->length - begin) - gap.at;
    if (!context_equal(&step->context, &before->context))
        context_write(writer, &step->context, encoder);
    if (!change_is_empty(&step->change))
        change_write(writer, &step->change);
    write_parts(writer, step, &saying, encoder);
    return gap;
}

static struct bytes read_string(const struct string_list *strings, const struct wire_field *field,
                                struct wire_reader *reader)
{
    return string_list_get(strings, wire_read_uint(reader, field), reader);
}

static bool context_read(struct bytes body, const struct string_list *strings, struct context *ret_context)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct context context = {0};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
        case CONTEXT_FIELD_HOOK:
            context.has_hook = true;
            context.hook = (unsigned)wire_read_uint(&reader, &field);
            break;
        case CONTEXT_FIELD_IN:
            context.in = read_string(strings, &field, &reader);
            break;
        case CONTEXT_FIELD_OUT:
            context.out = read_string(strings, &field, &reader);
            break;
        case CONTEXT_FIELD_PHYSIN:
            context.physin = read_string(strings, &field, &reader);
            break;
        case CONTEXT_FIELD_PHYSOUT:
            context.physout = read_string(strings, &field, &reader);
            break;
        case CONTEXT_FIELD_MARK:
            context.has_mark = true;
            context.mark = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case CONTEXT_FIELD_UID:
            context.has_uid = true;
            context.uid = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case CONTEXT_FIELD_GID:
            context.has_gid = true;
            context.gid = (uint32_t)wire_read_uint(&reader, &field);
            break;
        }
    }
    *ret_context = context;
    return !reader.bad;
}

static bool change_read(struct bytes body, struct change *ret_change)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct change change = {0};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
        case CHANGE_FIELD_SRC:
            change.src = wire_read_bytes(&reader, &field);
            break;
        case CHANGE_FIELD_DST:
            change.dst = wire_read_bytes(&reader, &field);
            break;
        case CHANGE_FIELD_SRCPORT:
            change.has_srcport = true;
            change.srcport = (uint16_t)wire_read_uint(&reader, &field);
            break;
        case CHANGE_FIELD_DSTPORT:
            change.has_dstport = true;
            change.dstport = (uint16_t)wire_read_uint(&reader, &field);
            break;
        case CHANGE_FIELD_TTL:
            change.has_ttl = true;
            change.ttl = (uint8_t)wire_read_uint(&reader, &field);
            break;
        case CHANGE_FIELD_TOS:
            change.has_tos = true;
            change.tos = (uint8_t)wire_read_uint(&reader, &field);
            break;
        case CHANGE_FIELD_LENGTH:
            change.has_length = true;
            change.length = (uint32_t)wire_read_uint(&reader, &field);
            break;
        }
    }
    const size_t lengths[] = {change.src.length, change.dst.length};
    for (size_t i = 0; i < 2; i++)
        if (lengths[i] != 0 && lengths[i] != 4 && lengths[i] != 16)
            reader.bad = true;
    *ret_change = change;
    return !reader.bad;
}

/* What a step says of its rule's line and comment, which are made when all of it has been read. */
struct said_line {
    struct rule_line parts;
    bool in_parts; /* `parts` was said, and not the line as a whole */
    bool whole;
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
    if (!said->whole && (said->in_parts || said->parts.is_policy) && !join_line(&said->parts, decoder, step))
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

bool step_read(struct bytes body, struct step_decoder *decoder, struct step *step)
{
    const struct string_list *strings = decoder->strings;
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    struct said_line said = {0};
    int64_t base_ns = time_base(step);
    *step = (struct step){
        .table = step->table,
        .chain = step->chain,
        .ruleset = step->ruleset,
        .context = step->context,
    };
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
        case STEP_FIELD_TABLE:
            step->table = read_string(strings, &field, &reader);
            break;
        case STEP_FIELD_CHAIN:
            step->chain = read_string(strings, &field, &reader);
            break;
        case STEP_FIELD_TYPE:
            step->type = (unsigned)wire_read_uint(&reader, &field);
            break;
        case STEP_FIELD_RULENUM:
            step->rulenum = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case STEP_FIELD_RULE:
            said.whole = true;
            step->rule = read_string(strings, &field, &reader);
            break;
        case STEP_FIELD_TARGET:
            step->target = read_string(strings, &field, &reader);
            break;
        case STEP_FIELD_COMMENT:
            step->comment = read_string(strings, &field, &reader);
            break;
        case STEP_FIELD_RULESET:
            step->ruleset = (uint32_t)wire_read_uint(&reader, &field);
            break;
        case STEP_FIELD_STALE:
            step->stale = wire_read_uint(&reader, &field) != 0;
            break;
        case STEP_FIELD_TIME:
            step->has_time = true;
            step->time_ns = (int64_t)((uint64_t)base_ns + (uint64_t)wire_read_sint(&reader, &field));
            break;
        case STEP_FIELD_CONTEXT:
            if (!context_read(wire_read_bytes(&reader, &field), strings, &step->context))
                return false;
            break;
        case STEP_FIELD_CHANGE:
            if (!change_read(wire_read_bytes(&reader, &field), &step->change))
                return false;
            break;
        default:
            read_line_field(&field, strings, &reader, &said);
        }
    }
    return !reader.bad && finish_line(&said, decoder, step);
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
