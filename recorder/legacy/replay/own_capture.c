/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own captures, replayed. */
#include "recorder/legacy/replay/own_capture.h"

#include <glib.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "recorder/legacy/replay/message_order.h"
#include "recorder/legacy/walk/interface_text.h"

#define SHARED_STEP_MAX 4096 /* longer ones are copied for each message, so that each is counted */

/* The messages of one namespace of one capture. */
struct stream {
    uint32_t capture_id;
    GBytes *netns;
    struct message_order *order;
    uint64_t now_ns;
};

struct own_captures {
    GPtrArray *streams;
    size_t bytes, messages; /* held back by all streams */
    unsigned foreign_version;
};

/* A block being read. */
struct block {
    struct own_captures *captures;
    struct stream *stream;
    struct message_block_reader reader;
    GPtrArray *memory;        /* the reader's */
    struct step_copy **steps; /* of the rules, made when first needed */
    const struct source_sink *sink;
    struct source_stats *stats;
};

static struct bytes netns_of(const struct stream *stream)
{
    gsize length;
    const uint8_t *data = g_bytes_get_data(stream->netns, &length);
    return (struct bytes){data, length};
}

static void stream_free(gpointer data)
{
    struct stream *stream = data;
    message_order_free(stream->order);
    g_bytes_unref(stream->netns);
    g_free(stream);
}

/* Null where there are too many. */
static struct stream *find_stream(struct own_captures *captures, uint32_t capture_id, struct bytes netns)
{
    for (guint i = 0; i < captures->streams->len; i++) {
        struct stream *stream = g_ptr_array_index(captures->streams, i);
        if (stream->capture_id == capture_id && bytes_equal(netns_of(stream), netns))
            return stream;
    }
    if (captures->streams->len >= OWN_CAPTURE_STREAMS_MAX)
        return NULL;
    struct stream *stream = g_new0(struct stream, 1);
    stream->capture_id = capture_id;
    stream->netns = g_bytes_new(netns.data, netns.length);
    stream->order = message_order_new();
    g_ptr_array_add(captures->streams, stream);
    return stream;
}

struct own_captures *own_captures_new(void)
{
    struct own_captures *captures = g_new0(struct own_captures, 1);
    captures->streams = g_ptr_array_new_with_free_func(stream_free);
    return captures;
}

void own_captures_free(struct own_captures *captures)
{
    if (!captures)
        return;
    g_ptr_array_free(captures->streams, TRUE);
    g_free(captures);
}

unsigned own_captures_foreign_version(const struct own_captures *captures)
{
    return captures->foreign_version;
}

/* ---- Handing over ---- */

static void hand_over(struct stream *stream, const struct message *message, struct step_copy *step,
                      uint64_t missing, const struct source_sink *sink, struct source_stats *stats)
{
    struct interface_texts texts;
    struct event event = {.message = *message,
                          .capture_id = stream->capture_id,
                          .netns = netns_of(stream),
                          .step = step,
                          .lost_before = missing};
    uint64_t time_us = message->received_us;
    if (time_us == 0)
        message_get_time_us(message, &time_us);
    if (time_us * 1000 > stream->now_ns) /* times of one stream never go back */
        stream->now_ns = time_us * 1000;
    event.received_ns = stream->now_ns;
    stats->messages++;
    stats->lost += missing;
    if (!sink->event)
        return;
    interface_texts_set(&texts, &event, step ? &step->step.context : NULL);
    sink->event(sink->user, &event);
}

/* Keeps the sums right around everything that changes what a stream holds back. */
static void account(struct own_captures *captures, const struct stream *stream, int sign)
{
    size_t bytes = message_order_bytes(stream->order), messages = message_order_count(stream->order);
    captures->bytes += sign > 0 ? bytes : -bytes;
    captures->messages += sign > 0 ? messages : -messages;
}

static bool hand_over_next(struct own_captures *captures, struct stream *stream, bool force,
                           const struct source_sink *sink, struct source_stats *stats)
{
    struct ordered_message next;
    account(captures, stream, -1);
    bool found = message_order_next(stream->order, force, &next);
    account(captures, stream, 1);
    if (found)
        hand_over(stream, &next.message, next.step, next.missing, sink, stats);
    return found;
}

static struct stream *largest(const struct own_captures *captures)
{
    struct stream *found = g_ptr_array_index(captures->streams, 0);
    for (guint i = 1; i < captures->streams->len; i++) {
        struct stream *stream = g_ptr_array_index(captures->streams, i);
        if (message_order_bytes(stream->order) > message_order_bytes(found->order))
            found = stream;
    }
    return found;
}

static void hand_over_what_can_be(struct own_captures *captures, struct stream *stream,
                                  const struct source_sink *sink, struct source_stats *stats)
{
    while (hand_over_next(captures, stream, false, sink, stats))
        continue;
    while (captures->bytes > OWN_CAPTURE_BYTES_MAX || captures->messages > OWN_CAPTURE_MESSAGES_MAX)
        if (!hand_over_next(captures, largest(captures), true, sink, stats))
            break;
}

bool own_captures_finish(struct own_captures *captures, unsigned max, const struct source_sink *sink,
                         struct source_stats *stats)
{
    for (guint i = 0; i < captures->streams->len; i++) {
        struct stream *stream = g_ptr_array_index(captures->streams, i);
        while (max > 0 && hand_over_next(captures, stream, true, sink, stats))
            max--;
    }
    return max > 0;
}

/* ---- Reading ---- */

static void *allocate(void *user, size_t size)
{
    gpointer memory = g_malloc(size);
    g_ptr_array_add(user, memory);
    return memory;
}

/* With a reference of the caller's own. */
static struct step_copy *copy_step(struct block *block, const struct block_rule *rule)
{
    if (!rule)
        return NULL;
    struct step_copy **shared = &block->steps[rule - block->reader.rules];
    if (*shared)
        return step_copy_ref(*shared);
    struct step_copy *copy = step_copy_new(&rule->step);
    if (copy->size <= SHARED_STEP_MAX)
        *shared = step_copy_ref(copy);
    return copy;
}

static void take_message(struct block *block, const struct message *message, const struct block_rule *rule)
{
    struct stream *stream = block->stream;
    struct step_copy *step = copy_step(block, rule);
    if (message_order_pass(stream->order, message->number)) {
        hand_over(stream, message, step, 0, block->sink, block->stats);
    } else {
        account(block->captures, stream, -1);
        message_order_add(stream->order, message, step);
        account(block->captures, stream, 1);
    }
    step_copy_unref(step);
    hand_over_what_can_be(block->captures, stream, block->sink, block->stats);
}

static bool read_messages(struct block *block, struct bytes body)
{
    struct message_block_reader *reader = &block->reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    if (!message_block_begin(reader, body, allocate, block->memory))
        return false;
    block->stream = find_stream(block->captures, reader->capture_id, reader->netns);
    if (!block->stream)
        return false;
    block->steps = g_new0(struct step_copy *, reader->rule_count + 1);
    while (message_block_next_packet(reader, &packet, NULL))
        while (message_block_next(reader, &message, &rule, NULL))
            take_message(block, message, rule);
    return !reader->reader.bad;
}

static void take_messages(struct own_captures *captures, struct bytes body, const struct source_sink *sink,
                          struct source_stats *stats)
{
    struct block block = {.captures = captures, .sink = sink, .stats = stats};
    block.memory = g_ptr_array_new_with_free_func(g_free);
    if (body.length > PCAPNG_BLOCK_MAX || !read_messages(&block, body))
        stats->malformed++;
    for (uint32_t i = 0; block.steps && i < block.reader.rule_count; i++)
        step_copy_unref(block.steps[i]);
    g_free(block.steps);
    g_ptr_array_free(block.memory, TRUE);
}

static void take_ruleset(struct bytes body, const struct source_sink *sink, struct source_stats *stats)
{
    struct ruleset_part part;
    if (!ruleset_part_read(body, &part))
        stats->malformed++;
    else if (sink->ruleset)
        sink->ruleset(sink->user, &part);
}

void own_captures_block(struct own_captures *captures, struct bytes block, const struct source_sink *sink,
                        struct source_stats *stats)
{
    unsigned version, kind;
    struct bytes body;
    switch (envelope_open(block, &version, &kind, &body)) {
    case ENVELOPE_FOREIGN:
        return;
    case ENVELOPE_VERSION:
        captures->foreign_version = version;
        return;
    case ENVELOPE_OK:
        break;
    }
    if (kind == ENVELOPE_MESSAGES)
        take_messages(captures, body, sink, stats);
    else if (kind == ENVELOPE_RULESET)
        take_ruleset(body, sink, stats);
}
