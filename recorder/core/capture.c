/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What goes into the file, and in which order. */
#include "recorder/core/capture.h"

#include "format/message_block.h"
#include "format/packet.h"
#include "format/ruleset_block.h"
#include "recorder/core/pcapng.h"
#include "recorder/core/safe_text.h"
#include "recorder/core/text.h"

#include <string.h>

struct interface_state {
    uint32_t id;
    uint64_t packets;
};

/* The messages of one namespace that wait for their block. */
struct stream {
    GBytes *netns;
    struct message_block_writer *messages;
};

struct capture {
    struct capture_options options;
    struct wire_writer out;
    bool taken; /* `out` was handed out and begins anew */
    struct wire_writer record, body;
    struct path_writer path_writer;
    GPtrArray *streams;     /* of struct stream; few */
    GHashTable *interfaces; /* name (GBytes) → struct interface_state */
    uint32_t packets;
};

static struct wire_writer *out(struct capture *capture)
{
    if (capture->taken)
        capture->out.length = 0;
    capture->taken = false;
    return &capture->out;
}

static void stream_free(gpointer pointer)
{
    struct stream *stream = pointer;
    message_block_writer_free(stream->messages);
    g_bytes_unref(stream->netns);
    g_free(stream);
}

struct capture *capture_new(const struct capture_options *options)
{
    struct capture *capture = g_new0(struct capture, 1);
    capture->options = *options;
    capture->streams = g_ptr_array_new_with_free_func(stream_free);
    capture->interfaces =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, g_free);
    return capture;
}

void capture_free(struct capture *capture)
{
    if (!capture)
        return;
    wire_writer_done(&capture->out);
    wire_writer_done(&capture->record);
    wire_writer_done(&capture->body);
    path_writer_done(&capture->path_writer);
    g_ptr_array_unref(capture->streams);
    g_hash_table_destroy(capture->interfaces);
    g_free(capture);
}

/* ---- Interfaces ---- */

static struct interface_state *interface_of(struct capture *capture, struct bytes name)
{
    g_autoptr(GBytes) key = g_bytes_new_static(name.data, name.length);
    struct interface_state *state = g_hash_table_lookup(capture->interfaces, key);
    if (state)
        return state;
    state = g_new0(struct interface_state, 1);
    state->id = g_hash_table_size(capture->interfaces);
    g_hash_table_insert(capture->interfaces, g_bytes_new(name.data, name.length), state);
    /* For people, as the comments are: tools print it as it stands. Steps have the name itself. */
    g_autoptr(GString) safe = g_string_new(NULL);
    safe_text_append(safe, name);
    pcapng_write_interface(out(capture), (struct bytes){(const uint8_t *)safe->str, safe->len},
                           capture->options.snapshot_length, capture->options.filter);
    return state;
}

void capture_add_interface(struct capture *capture, struct bytes name)
{
    interface_of(capture, name);
}

void capture_begin_file(struct capture *capture, struct bytes interface)
{
    g_hash_table_remove_all(capture->interfaces);
    pcapng_write_section(out(capture), capture->options.hardware, capture->options.os,
                         capture->options.application);
    interface_of(capture, interface);
}

/* ---- Packets ---- */

static struct stream *stream_of(struct capture *capture, struct bytes netns)
{
    for (guint i = 0; i < capture->streams->len; i++) {
        struct stream *stream = g_ptr_array_index(capture->streams, i);
        gsize length;
        const uint8_t *data = g_bytes_get_data(stream->netns, &length);
        if (bytes_equal((struct bytes){data, length}, netns))
            return stream;
    }
    struct stream *stream = g_new0(struct stream, 1);
    stream->netns = g_bytes_new(netns.data, netns.length);
    stream->messages = message_block_writer_new(capture->options.capture_id, netns);
    g_ptr_array_add(capture->streams, stream);
    return stream;
}

static void write_body(struct capture *capture)
{
    envelope_pad(&capture->body, 0);
    pcapng_write_custom(out(capture), (struct bytes){capture->body.data, capture->body.length});
}

static void flush(struct capture *capture, struct stream *stream)
{
    if (message_block_writer_length(stream->messages) == 0)
        return;
    capture->body.length = 0;
    message_block_writer_finish(stream->messages, &capture->body);
    write_body(capture);
}

static void add_message(struct capture *capture, struct stream *stream, const struct message *message,
                        const struct step *step)
{
    if (message_block_writer_add(stream->messages, message, step))
        return;
    flush(capture, stream);
    message_block_writer_add(stream->messages, message, step);
}

static void add_messages(struct capture *capture, const struct finished_path *path, uint32_t number)
{
    struct stream *stream = stream_of(capture, path->head.netns);
    struct evidence_item item;
    message_block_writer_packet(stream->messages, number);
    path->evidence->begin(path->evidence);
    while (path->evidence->next(path->evidence, &item))
        add_message(capture, stream, item.message, item.step);
}

static uint32_t original_length(struct bytes data)
{
    struct packet packet;
    packet_parse(data, &packet);
    return packet.length > data.length ? packet.length : (uint32_t)data.length;
}

uint32_t capture_add_packet(struct capture *capture, const struct finished_path *path, uint64_t lost)
{
    uint32_t number = ++capture->packets;
    bool received = path->in.length > 0;
    struct interface_state *interface = interface_of(capture, received ? path->in : path->out);
    interface->packets++;

    struct path head = path->head;
    head.packet_id = (uint64_t)capture->options.capture_id << 32 | number;
    capture->record.length = 0;
    path_record_write(&capture->record, &capture->path_writer, &head, path->steps, path->count);

    struct pcapng_packet packet = {
        .interface = interface->id,
        .time_ns = path->time_ns,
        .data = path->packet,
        .original_length = original_length(path->packet),
        .packet_id = head.packet_id,
        .drop_count = lost,
        .direction = received ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
        .record = {capture->record.data, capture->record.length},
    };
    g_autoptr(GString) comment = NULL;
    if (head.verdict != VERDICT_ACCEPT) {
        comment = g_string_new("iptables: ");
        text_append_verdict(comment, path);
        packet.comment = (struct bytes){(const uint8_t *)comment->str, comment->len};
    }
    pcapng_write_packet(out(capture), &packet);
    if (capture->options.blocks)
        add_messages(capture, path, number);
    return number;
}

/* ---- Custom Blocks and the journal ---- */

void capture_flush_messages(struct capture *capture)
{
    for (guint i = 0; i < capture->streams->len; i++)
        flush(capture, g_ptr_array_index(capture->streams, i));
}

/* The next part of a text: as many whole lines as fit, or where a line alone is too long, as much of it as
 * fits. */
static struct bytes next_part(struct bytes *rest)
{
    size_t length = rest->length;
    if (length > RULESET_TEXT_MAX) {
        const uint8_t *end = memrchr(rest->data, '\n', RULESET_TEXT_MAX);
        length = end ? (size_t)(end - rest->data) + 1 : RULESET_TEXT_MAX;
    }
    struct bytes part = {rest->data, length};
    *rest = (struct bytes){rest->data + length, rest->length - length};
    return part;
}

void capture_add_rules(struct capture *capture, const struct rules_record *rules)
{
    if (!capture->options.blocks)
        return;
    struct ruleset_part part = {
        .capture_id = capture->options.capture_id,
        .ruleset = rules->number,
        .generation = rules->generation,
        .family = rules->family,
        .table = rules->table,
        .netns = rules->netns,
        .time_ns = rules->time_ns,
    };
    for (struct bytes rest = rules->text; rest.length > 0; part.parts++)
        next_part(&rest);
    for (struct bytes rest = rules->text; rest.length > 0; part.part++) {
        part.text = next_part(&rest);
        capture->body.length = 0;
        ruleset_part_write(&capture->body, &part, rules->own, rules->own_count);
        write_body(capture);
    }
}

void capture_add_journal(struct capture *capture, uint64_t time_ns, enum journal_priority priority,
                         const char *event, const char *message, const struct journal_field *fields,
                         size_t count)
{
    const struct journal_entry entry = {
        .time_ns = time_ns,
        .priority = priority,
        .event = event,
        .message = message,
        .capture_id = capture->options.capture_id,
    };
    capture->body.length = 0;
    journal_write(&capture->body, &entry, fields, count);
    pcapng_write_journal(out(capture), (struct bytes){capture->body.data, capture->body.length});
}

void capture_end_file(struct capture *capture, uint64_t start_ns, uint64_t end_ns, uint64_t lost)
{
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init(&iterator, capture->interfaces);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        const struct interface_state *interface = value;
        const struct pcapng_statistics statistics = {
            .interface = interface->id,
            .time_ns = end_ns,
            .start_ns = start_ns,
            .end_ns = end_ns,
            .received = interface->packets,
            .dropped = interface->id == 0 ? lost : 0, /* nobody knows by which interface the lost ones came */
        };
        pcapng_write_statistics(out(capture), &statistics);
    }
}

struct bytes capture_take(struct capture *capture)
{
    struct bytes blocks = {out(capture)->data, capture->out.length};
    capture->taken = true;
    return blocks;
}

size_t capture_pending(const struct capture *capture)
{
    return capture->taken ? 0 : capture->out.length;
}
