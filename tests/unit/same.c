/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether two things are the same, field by field. */
#include "tests/unit/same.h"

#include "format/envelope.h"
#include "format/packet.h"
#include "recorder/core/text.h"

/* ---- Copies that outlive the call that handed the original over ---- */

static struct bytes keep(GPtrArray *memory, struct bytes bytes)
{
    uint8_t *copy = unit_copy(bytes);
    g_ptr_array_add(memory, copy);
    return (struct bytes){copy, bytes.length};
}

/* What stands in a message block of a step: neither time nor change, and of the context the names alone. */
static void keep_step(GPtrArray *memory, const struct step *step, struct step *ret_step)
{
    const struct context *context = &step->context;
    *ret_step = (struct step){
        .table = keep(memory, step->table),
        .chain = keep(memory, step->chain),
        .type = step->type,
        .rulenum = step->rulenum,
        .rule = keep(memory, step->rule),
        .target = keep(memory, step->target),
        .comment = keep(memory, step->comment),
        .ruleset = step->ruleset,
        .stale = step->stale,
        .context = {.in = keep(memory, context->in),
                    .out = keep(memory, context->out),
                    .physin = keep(memory, context->physin),
                    .physout = keep(memory, context->physout)},
    };
}

struct kept_event *same_keep_event(GPtrArray *memory, const struct event *event)
{
    struct kept_event *kept = g_new(struct kept_event, 1);
    g_ptr_array_add(memory, kept);
    kept->event = *event;
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        kept->event.message.attribute[type] = message_has(&event->message, type)
                                                  ? keep(memory, event->message.attribute[type])
                                                  : (struct bytes){0};
    kept->event.netns = keep(memory, event->netns);
    kept->event.in = keep(memory, event->in);
    kept->event.out = keep(memory, event->out);
    kept->event.physin = keep(memory, event->physin);
    kept->event.physout = keep(memory, event->physout);
    if (event->step) {
        keep_step(memory, &event->step->step, &kept->step.step);
        kept->event.step = &kept->step;
    }
    return kept;
}

/* ---- The same, field by field ---- */

static void assert_steps_equal(const struct step *got, const struct step *expected)
{
    const struct change *change = &got->change, *other = &expected->change;
    unit_assert_bytes(got->table, expected->table);
    unit_assert_bytes(got->chain, expected->chain);
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->rulenum, expected->rulenum);
    unit_assert_bytes(got->rule, expected->rule);
    unit_assert_bytes(got->target, expected->target);
    unit_assert_bytes(got->comment, expected->comment);
    assert_int_equal(got->ruleset, expected->ruleset);
    assert_int_equal(got->stale, expected->stale);
    assert_int_equal(got->has_time, expected->has_time);
    assert_true(got->time_ns == expected->time_ns);
    assert_int_equal(got->context.has_hook, expected->context.has_hook);
    assert_int_equal(got->context.hook, expected->context.hook);
    assert_int_equal(got->context.has_mark, expected->context.has_mark);
    assert_int_equal(got->context.mark, expected->context.mark);
    assert_int_equal(got->context.has_uid, expected->context.has_uid);
    assert_int_equal(got->context.uid, expected->context.uid);
    assert_int_equal(got->context.has_gid, expected->context.has_gid);
    assert_int_equal(got->context.gid, expected->context.gid);
    unit_assert_bytes(got->context.in, expected->context.in);
    unit_assert_bytes(got->context.out, expected->context.out);
    unit_assert_bytes(got->context.physin, expected->context.physin);
    unit_assert_bytes(got->context.physout, expected->context.physout);
    unit_assert_bytes(change->src, other->src);
    unit_assert_bytes(change->dst, other->dst);
    assert_int_equal(change->has_srcport, other->has_srcport);
    assert_int_equal(change->has_dstport, other->has_dstport);
    assert_int_equal(change->has_ttl, other->has_ttl);
    assert_int_equal(change->has_tos, other->has_tos);
    assert_int_equal(change->has_length, other->has_length);
    assert_int_equal(change->srcport, other->srcport);
    assert_int_equal(change->dstport, other->dstport);
    assert_int_equal(change->ttl, other->ttl);
    assert_int_equal(change->tos, other->tos);
    assert_int_equal(change->length, other->length);
}

void same_assert_events(const struct event *got, const struct event *expected)
{
    assert_true(got->message.number == expected->message.number);
    assert_int_equal(got->message.family, expected->message.family);
    assert_int_equal(got->message.present, expected->message.present);
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (message_has(&expected->message, type))
            unit_assert_bytes(got->message.attribute[type], expected->message.attribute[type]);
    unit_assert_bytes(got->in, expected->in);
    unit_assert_bytes(got->out, expected->out);
    unit_assert_bytes(got->physin, expected->physin);
    unit_assert_bytes(got->physout, expected->physout);
    unit_assert_bytes(got->netns, expected->netns);
    assert_int_equal(got->lost_before, expected->lost_before);
    assert_true(got->received_ns / 1000 == expected->received_ns / 1000); /* what the file keeps */
    assert_int_equal(got->step != NULL, expected->step != NULL);
    if (got->step)
        assert_steps_equal(&got->step->step, &expected->step->step);
}

static void assert_paths_equal(const struct path *got, const struct path *expected)
{
    assert_true(got->packet_id == expected->packet_id);
    assert_int_equal(got->verdict, expected->verdict);
    assert_int_equal(got->reason, expected->reason);
    assert_int_equal(got->decided, expected->decided);
    assert_int_equal(got->backend, expected->backend);
    assert_int_equal(got->incomplete, expected->incomplete);
    assert_int_equal(got->ambiguous, expected->ambiguous);
    assert_int_equal(got->copy, expected->copy);
    assert_int_equal(got->cut, expected->cut);
    assert_int_equal(got->steps, expected->steps);
    unit_assert_bytes(got->netns, expected->netns);
}

/* ---- The packet's block ---- */

uint32_t same_get32(const uint8_t *at)
{
    return !at ? 0 : at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The value of an option; empty where the block has none of that code. */
static struct bytes option_of(struct bytes options, unsigned code)
{
    for (size_t at = 0; at + 4 <= options.length;) {
        unsigned found = options.data[at] | (unsigned)options.data[at + 1] << 8;
        size_t length = options.data[at + 2] | (size_t)options.data[at + 3] << 8;
        if (found == code)
            return (struct bytes){options.data + at + 4, length};
        if (found == 0)
            break;
        at += 4 + (length + 3) / 4 * 4;
    }
    return (struct bytes){0};
}

static void assert_record(struct bytes record, const struct path *path, const struct step *steps,
                          size_t count)
{
    static struct path_reader reader;
    struct unit_pool pool = {0};
    struct path got;
    struct step step = {0};
    struct bytes body;
    unsigned version, kind;
    assert_int_equal(same_get32(record.data), IPTRACE_PEN);
    assert_int_equal(
        envelope_open((struct bytes){record.data + 4, record.length - 4}, &version, &kind, &body),
        ENVELOPE_OK);
    assert_int_equal(kind, ENVELOPE_PATH);
    assert_true(path_reader_begin(&reader, body, unit_pool_allocate, &pool, &got));
    assert_paths_equal(&got, path);
    for (size_t i = 0; i < count; i++) {
        assert_true(path_reader_next(&reader, &step, NULL));
        assert_steps_equal(&step, &steps[i]);
    }
    assert_false(path_reader_next(&reader, &step, NULL));
    assert_false(reader.reader.bad);
    unit_pool_done(&pool);
}

/* `block` is the last one of what capture_add_packet() made. */
void same_assert_packet_block(struct bytes block, const struct finished_path *finished,
                              const struct path *path, uint64_t lost)
{
    const struct bytes *data = &finished->packet;
    assert_int_equal(same_get32(block.data), 6);
    assert_true(((uint64_t)same_get32(block.data + 12) << 32 | same_get32(block.data + 16)) ==
                finished->time_ns);
    unit_assert_bytes((struct bytes){block.data + 28, same_get32(block.data + 20)}, *data);
    struct packet packet;
    packet_parse(*data, &packet);
    assert_int_equal(same_get32(block.data + 24), MAX(packet.length, data->length));

    size_t at = 28 + (data->length + 3) / 4 * 4;
    struct bytes options = {block.data + at, block.length - 4 - at};
    struct bytes flags = option_of(options, 2), id = option_of(options, 5), dropped = option_of(options, 4);
    assert_int_equal(same_get32(flags.data), finished->in.length > 0 ? 1 : 2);
    assert_true(((uint64_t)same_get32(id.data + 4) << 32 | same_get32(id.data)) == path->packet_id);
    assert_int_equal(dropped.length, lost > 0 ? 8 : 0);
    if (lost > 0)
        assert_int_equal(same_get32(dropped.data), lost);
    g_autoptr(GString) comment = g_string_new(NULL);
    if (path->verdict != VERDICT_ACCEPT) {
        g_string_append(comment, "iptables: ");
        text_append_verdict(comment, finished);
    }
    unit_assert_bytes(option_of(options, 1), build_text(comment->str));
    assert_record(option_of(options, PCAPNG_OPTION_CUSTOM_BINARY), path, finished->steps, finished->count);
}
