/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a packet's way: its encoding and its line of text. */
#include "format/step.h"

#include <stdio.h>
#include <string.h>

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

struct bytes string_list_get(const struct string_list *list, uint64_t number, struct wire_reader *reader)
{
    if (number == 0)
        return (struct bytes){0};
    if (number > list->count) {
        reader->bad = true;
        return (struct bytes){0};
    }
    return list->at[number - 1];
}

uint32_t string_collector_number(struct string_collector *collector, struct bytes string)
{
    if (string.length == 0)
        return 0;
    for (uint32_t i = 0; i < collector->count; i++)
        if (bytes_equal(collector->at[i], string))
            return i + 1;
    if (collector->count == FORMAT_STRINGS_MAX)
        return 0;
    collector->at[collector->count++] = string;
    wire_write_bytes(collector->writer, collector->field, string);
    return collector->count;
}

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

/* A name's number; nothing where it is empty. */
static void write_string(struct wire_writer *writer, uint32_t field, struct bytes string, size_t max,
                         string_number_fn *number, void *user)
{
    write_number(writer, field, number(user, bytes_cut(string, max)));
}

static void context_write(struct wire_writer *writer, const struct context *context, string_number_fn *number,
                          void *user)
{
    size_t begin = wire_write_begin(writer, STEP_FIELD_CONTEXT);
    write_known(writer, CONTEXT_FIELD_HOOK, context->has_hook, context->hook);
    write_string(writer, CONTEXT_FIELD_IN, context->in, STEP_NAME_MAX, number, user);
    write_string(writer, CONTEXT_FIELD_OUT, context->out, STEP_NAME_MAX, number, user);
    write_string(writer, CONTEXT_FIELD_PHYSIN, context->physin, STEP_NAME_MAX, number, user);
    write_string(writer, CONTEXT_FIELD_PHYSOUT, context->physout, STEP_NAME_MAX, number, user);
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

void step_write(struct wire_writer *writer, const struct step *step, const struct context *before,
                string_number_fn *number, void *user)
{
    write_string(writer, STEP_FIELD_TABLE, step->table, STEP_NAME_MAX, number, user);
    write_string(writer, STEP_FIELD_CHAIN, step->chain, STEP_NAME_MAX, number, user);
    write_number(writer, STEP_FIELD_TYPE, step->type);
    write_number(writer, STEP_FIELD_RULENUM, step->rulenum);
    write_string(writer, STEP_FIELD_RULE, step->rule, STEP_RULE_MAX, number, user);
    write_string(writer, STEP_FIELD_TARGET, step->target, STEP_NAME_MAX, number, user);
    write_string(writer, STEP_FIELD_COMMENT, step->comment, STEP_NAME_MAX, number, user);
    write_number(writer, STEP_FIELD_RULESET, step->ruleset);
    write_number(writer, STEP_FIELD_STALE, step->stale);
    if (step->has_time)
        wire_write_sint(writer, STEP_FIELD_TIME, step->time_ns);
    static const struct context none;
    if (!context_equal(&step->context, before ? before : &none))
        context_write(writer, &step->context, number, user);
    if (!change_is_empty(&step->change))
        change_write(writer, &step->change);
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

bool step_read(struct bytes body, const struct string_list *strings, struct step *step)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    *step = (struct step){.context = step->context};
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
            step->time_ns = wire_read_sint(&reader, &field);
            break;
        case STEP_FIELD_CONTEXT:
            if (!context_read(wire_read_bytes(&reader, &field), strings, &step->context))
                return false;
            break;
        case STEP_FIELD_CHANGE:
            if (!change_read(wire_read_bytes(&reader, &field), &step->change))
                return false;
            break;
        }
    }
    return !reader.bad;
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
