/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The message block: writing. Strings and rules are written once; a message says only what differs from its
 * base. */
#include "format/message_block.h"

#include <glib.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message_block_fields.h"
#include "format/message_block_intern.h"

struct message_block_writer {
    struct wire_writer header;  /* capture id, netns: the same for every block */
    struct block_intern intern; /* strings and rules */
    struct wire_writer packets;
    /* The packet being written: its number, and where its body begins (0: not begun in this block). */
    uint32_t packet;
    size_t packet_begin;
    /* Bases: a copy of the first message of the last packet; and the last message of this one, whose bytes
     * are the caller's. */
    struct message first;
    struct wire_writer first_bytes;
    bool has_last;
    struct message last;
    size_t patched;
};

struct message_block_writer *message_block_writer_new(uint32_t capture_id, struct bytes netns)
{
    struct message_block_writer *writer = g_new0(struct message_block_writer, 1);
    wire_write_fixed32(&writer->header, BLOCK_FIELD_CAPTURE_ID, capture_id);
    if (netns.length > 0)
        wire_write_bytes(&writer->header, BLOCK_FIELD_NETNS, bytes_cut(netns, FORMAT_NETNS_MAX));
    return writer;
}

void message_block_writer_free(struct message_block_writer *writer)
{
    if (!writer)
        return;
    wire_writer_done(&writer->header);
    block_intern_done(&writer->intern);
    wire_writer_done(&writer->packets);
    wire_writer_done(&writer->first_bytes);
    g_free(writer);
}

static void end_packet(struct message_block_writer *writer)
{
    if (writer->packet_begin > 0)
        wire_write_end(&writer->packets, writer->packet_begin);
    writer->packet_begin = 0;
    writer->has_last = false;
}

void message_block_writer_packet(struct message_block_writer *writer, uint32_t packet)
{
    end_packet(writer);
    writer->packet = packet;
}

/* Sets `first` to a copy of the message that stays. */
static void keep_first(struct message_block_writer *writer, const struct message *message)
{
    struct wire_writer *bytes = &writer->first_bytes;
    size_t length = 0;
    for (uint32_t left = message->present; left != 0; left &= left - 1)
        length += message->attribute[__builtin_ctz(left)].length;
    bytes->length = 0;
    wire_writer_reserve(bytes, length);
    writer->first.number = message->number;
    writer->first.family = message->family;
    writer->first.received_us = message->received_us;
    writer->first.present = message->present;
    for (uint32_t left = message->present; left != 0; left &= left - 1) {
        unsigned type = (unsigned)__builtin_ctz(left);
        struct bytes attribute = message->attribute[type];
        writer->first.attribute[type] = (struct bytes){bytes->data + bytes->length, attribute.length};
        wire_write_raw(bytes, attribute.data, attribute.length);
    }
}

static void write_literal(struct wire_writer *out, unsigned type, struct bytes attribute)
{
    uint8_t *at = wire_writer_reserve(out, attribute.length + 16);
    if (attribute.length < 0x7f) {
        at[0] = MESSAGE_FIELD_ATTRIBUTE << 3 | WIRE_BYTES;
        at[1] = (uint8_t)(attribute.length + 1);
        at[2] = (uint8_t)type;
        if (attribute.length > 0)
            memcpy(at + 3, attribute.data, attribute.length);
        out->length += attribute.length + 3;
        return;
    }
    wire_write_varint(out, MESSAGE_FIELD_ATTRIBUTE << 3 | WIRE_BYTES);
    wire_write_varint(out, attribute.length + 1);
    wire_write_varint(out, type); /* below 32: one byte */
    wire_write_raw(out, attribute.data, attribute.length);
}

/* Length of the run from `at` to `end` on which both are equal; what `base` lacks counts as zero. */
static size_t equal_run(struct bytes base, const uint8_t *new, size_t at, size_t end)
{
    size_t begin = at, both = base.length < end ? base.length : end;
    uint64_t a, b;
    for (; at + 8 <= both; at += 8) {
        memcpy(&a, base.data + at, 8);
        memcpy(&b, new + at, 8);
        if (a != b)
            break;
    }
    while (at < both && base.data[at] == new[at])
        at++;
    if (at >= base.length)
        while (at < end && new[at] == 0)
            at++;
    return at - begin;
}

static size_t different_run(struct bytes base, const uint8_t *new, size_t at, size_t end)
{
    size_t begin = at;
    while (at < end && new[at] != (at < base.length ? base.data[at] : 0))
        at++;
    return at - begin;
}

/* Writes the patch that makes `new` of `base`; false, and nothing written, where it would not be shorter than
 * `limit`. */
static bool write_patch(struct wire_writer *out, struct bytes base, struct bytes new, size_t limit)
{
    size_t before = out->length;
    size_t begin = wire_write_begin(out, MESSAGE_FIELD_PATCH);
    size_t at = equal_run(base, new.data, 0, new.length), written = 0;
    while (at < new.length) {
        /* A run ends where it pays: the next one costs two bytes for skip and length. */
        size_t end = at, gap = 0;
        do {
            end += gap;
            end += different_run(base, new.data, end, new.length);
            gap = equal_run(base, new.data, end, new.length);
        } while (gap <= 2 && end + gap < new.length);
        if (out->length - begin + (end - at) + 8 >= limit) {
            out->length = before;
            return false;
        }
        wire_write_varint(out, at - written);
        wire_write_varint(out, end - at);
        wire_write_raw(out, new.data + at, end - at);
        written = end;
        at = end + gap;
    }
    if (out->length == begin)
        out->length = before; /* nothing but zeros that a longer payload has anyway */
    else
        wire_write_end(out, begin);
    return true;
}

static void write_payload(struct message_block_writer *writer, const struct message *base,
                          struct bytes payload)
{
    struct wire_writer *out = &writer->packets;
    struct bytes old = base->attribute[MESSAGE_PAYLOAD];
    if (message_has(base, MESSAGE_PAYLOAD) && writer->patched + payload.length <= MESSAGE_BLOCK_PATCHED_MAX) {
        size_t before = out->length;
        if (old.length != payload.length)
            wire_write_uint(out, MESSAGE_FIELD_PAYLOAD_LENGTH, payload.length);
        if (write_patch(out, old, payload, payload.length)) {
            writer->patched += payload.length;
            return;
        }
        out->length = before;
    }
    write_literal(out, MESSAGE_PAYLOAD, payload);
}

static void write_time(struct wire_writer *out, const struct message *base, const struct message *message)
{
    uint64_t time_us, base_us = 0;
    if (message_get_time_us(message, &time_us)) {
        message_get_time_us(base, &base_us);
        wire_write_sint(out, MESSAGE_FIELD_TIME, (int64_t)(time_us - base_us));
    } else {
        write_literal(out, MESSAGE_TIMESTAMP, message->attribute[MESSAGE_TIMESTAMP]);
    }
}

/* A counter goes on by one unless told otherwise, so that "unchanged" has to be said. */
static void write_counter(struct wire_writer *out, const struct message *base, const struct message *message,
                          unsigned type, uint32_t field)
{
    uint64_t value, base_value;
    if (message->attribute[type].length != 4) {
        write_literal(out, type, message->attribute[type]);
        return;
    }
    message_get_uint(message, type, 0, 4, &value);
    if (!message_has(base, type) || base->attribute[type].length != 4)
        wire_write_sint(out, field, (int32_t)value);
    else if (message_get_uint(base, type, 0, 4, &base_value) && value != (uint32_t)(base_value + 1))
        wire_write_sint(out, field, (int32_t)(uint32_t)(value - base_value - 1));
}

static void write_message(struct message_block_writer *writer, const struct message *base,
                          const struct message *message, uint32_t rule)
{
    struct wire_writer *out = &writer->packets;
    if (message->number != base->number + 1)
        wire_write_sint(out, MESSAGE_FIELD_NUMBER, (int64_t)(message->number - base->number - 1));
    for (uint32_t left = base->present & ~message->present; left != 0; left &= left - 1)
        wire_write_uint(out, MESSAGE_FIELD_WITHOUT, (unsigned)__builtin_ctz(left));
    for (uint32_t left = message->present; left != 0; left &= left - 1) {
        unsigned type = (unsigned)__builtin_ctz(left);
        struct bytes attribute = message->attribute[type];
        if (type == MESSAGE_SEQ)
            write_counter(out, base, message, type, MESSAGE_FIELD_SEQ);
        else if (type == MESSAGE_SEQ_GLOBAL)
            write_counter(out, base, message, type, MESSAGE_FIELD_SEQ_GLOBAL);
        else if ((type == MESSAGE_PREFIX && rule != 0) ||
                 (message_has(base, type) && bytes_equal(attribute, base->attribute[type])))
            continue;
        else if (type == MESSAGE_TIMESTAMP)
            write_time(out, base, message);
        else if (type == MESSAGE_PAYLOAD)
            write_payload(writer, base, attribute);
        else
            write_literal(out, type, attribute);
    }
    if (rule != 0)
        wire_write_uint(out, MESSAGE_FIELD_RULE, rule);
    if (message->family != base->family)
        wire_write_uint(out, MESSAGE_FIELD_FAMILY, message->family);
    if (message->received_us != base->received_us)
        wire_write_sint(out, MESSAGE_FIELD_RECEIVED, (int64_t)(message->received_us - base->received_us));
}

/* Most bytes that the message may take; 0 where it is longer than any message. */
static size_t message_room(const struct message *message)
{
    size_t room = 192;
    for (uint32_t left = message->present; left != 0; left &= left - 1)
        room += message->attribute[__builtin_ctz(left)].length + 8;
    bool payload_fits = !message_has(message, MESSAGE_PAYLOAD) ||
                        message->attribute[MESSAGE_PAYLOAD].length <= MESSAGE_PAYLOAD_MAX;
    return room <= MESSAGE_LENGTH_MAX && payload_fits ? room : 0;
}

static size_t body_length(const struct message_block_writer *writer)
{
    return writer->header.length + writer->intern.string_fields.length + writer->intern.rule_fields.length +
           writer->packets.length;
}

bool message_block_writer_add(struct message_block_writer *writer, const struct message *message,
                              const struct step *step)
{
    size_t room = message_room(message);
    if (room == 0)
        return true;
    if (writer->packets.length > 0 && body_length(writer) + room > MESSAGE_BLOCK_BODY_MAX)
        return false;

    uint32_t rule = 0;
    struct bytes prefix = message->attribute[MESSAGE_PREFIX];
    if (step && message_has(message, MESSAGE_PREFIX) && prefix.length <= STEP_NAME_MAX) {
        size_t rule_room =
            writer->packets.length > 0 ? MESSAGE_BLOCK_BODY_MAX - body_length(writer) - room : SIZE_MAX;
        rule = block_intern_rule(&writer->intern, prefix, step, rule_room);
        if (rule == 0)
            return false;
    }

    const struct message *base = writer->has_last ? &writer->last : &writer->first;
    if (writer->packet_begin == 0) {
        writer->packet_begin = wire_write_begin(&writer->packets, BLOCK_FIELD_PACKET);
        wire_write_uint(&writer->packets, PACKET_FIELD_NUMBER, writer->packet);
    }
    size_t begin = wire_write_begin(&writer->packets, PACKET_FIELD_MESSAGE);
    write_message(writer, base, message, rule);
    wire_write_end(&writer->packets, begin);
    if (!writer->has_last)
        keep_first(writer, message);
    writer->last = *message;
    writer->has_last = true;
    return true;
}

static size_t varint_length(size_t value)
{
    size_t length = 1;
    for (; value >= 0x80; value >>= 7)
        length++;
    return length;
}

size_t message_block_writer_length(const struct message_block_writer *writer)
{
    if (writer->packets.length == 0)
        return 0;
    /* The open packet's length has one byte so far. */
    size_t more =
        writer->packet_begin > 0 ? varint_length(writer->packets.length - writer->packet_begin) - 1 : 0;
    return IPTRACE_ENVELOPE_LENGTH + body_length(writer) + more;
}

void message_block_writer_finish(struct message_block_writer *writer, struct wire_writer *out)
{
    end_packet(writer);
    if (writer->packets.length > 0) {
        envelope_write(out, ENVELOPE_MESSAGES);
        wire_write_raw(out, writer->header.data, writer->header.length);
        wire_write_raw(out, writer->intern.string_fields.data, writer->intern.string_fields.length);
        wire_write_raw(out, writer->intern.rule_fields.data, writer->intern.rule_fields.length);
        wire_write_raw(out, writer->packets.data, writer->packets.length);
    }
    block_intern_reset(&writer->intern);
    writer->packets.length = 0;
    writer->patched = 0;
    writer->first = (struct message){0};
}
