/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The message block: reading. */
#include "format/message_block.h"

#include <string.h>

#include "format/message_block_fields.h"

/* Where the made attributes stand in `first_numbers` and `last_numbers`. */
enum {
    NUMBERS_TIME = 0,
    NUMBERS_SEQ = 16,
    NUMBERS_SEQ_GLOBAL = 20,
};

/* One of the two messages that are kept, with the room for what stands nowhere in the body. */
struct state {
    struct message *message;
    uint8_t *numbers;
    uint8_t *payload;
    bool payload_own; /* this message's payload was already moved to `payload` */
};

static void put_big_endian(uint8_t *at, uint64_t value, size_t length)
{
    for (size_t i = length; i > 0; i--, value >>= 8)
        at[i - 1] = (uint8_t)value;
}

/* First pass: how much there is, so that memory is asked for once and never more than is used. */
static bool count_fields(struct bytes body, uint32_t *ret_strings, uint32_t *ret_rules)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    uint32_t strings = 0, rules = 0;
    while (wire_read_field(&reader, &field) && field.number != BLOCK_FIELD_PACKET) {
        strings += field.number == BLOCK_FIELD_STRING;
        rules += field.number == BLOCK_FIELD_RULE;
    }
    *ret_strings = strings;
    *ret_rules = rules;
    return !reader.bad && strings <= MESSAGE_BLOCK_STRINGS_MAX && rules <= MESSAGE_BLOCK_RULES_MAX;
}

static bool read_rule(struct bytes body, struct step_decoder *decoder, struct block_rule *ret_rule)
{
    struct wire_reader reader = wire_reader_of(body);
    struct wire_field field;
    *ret_rule = (struct block_rule){0};
    while (wire_read_field(&reader, &field)) {
        switch (field.number) {
        case RULE_FIELD_PREFIX:
            ret_rule->prefix = string_list_get(decoder->strings, wire_read_uint(&reader, &field), &reader);
            break;
        case RULE_FIELD_STEP:
            ret_rule->step = (struct step){0};
            if (!step_read(wire_read_bytes(&reader, &field), decoder, &ret_rule->step))
                reader.bad = true;
            break;
        }
    }
    return !reader.bad;
}

bool message_block_begin(struct message_block_reader *reader, struct bytes body, format_allocate_fn *allocate,
                         void *user)
{
    *reader = (struct message_block_reader){.reader = wire_reader_of(body)};
    struct wire_reader *wire = &reader->reader;
    uint32_t string_count, rule_count;
    if (!count_fields(body, &string_count, &rule_count)) {
        wire->bad = true;
        return false;
    }
    reader->strings.capacity = string_count;
    reader->strings.at = allocate(user, (string_count + 1) * sizeof *reader->strings.at);
    reader->rules = allocate(user, (rule_count + 1) * sizeof *reader->rules);
    reader->first_payload = allocate(user, MESSAGE_PAYLOAD_MAX);
    reader->last_payload = allocate(user, MESSAGE_PAYLOAD_MAX);
    struct step_decoder decoder = {
        .strings = &reader->strings, .allocate = allocate, .user = user, .lines_left = FORMAT_LINES_MAX};

    struct wire_field field;
    while (!reader->has_packet_field && wire_read_field(wire, &field)) {
        switch (field.number) {
        case BLOCK_FIELD_CAPTURE_ID:
            reader->capture_id = (uint32_t)wire_read_uint(wire, &field);
            break;
        case BLOCK_FIELD_NETNS:
            reader->netns = wire_read_bytes(wire, &field);
            break;
        case BLOCK_FIELD_STRING:
            reader->strings.at[reader->strings.count++] = wire_read_bytes(wire, &field);
            break;
        case BLOCK_FIELD_RULE:
            if (!read_rule(wire_read_bytes(wire, &field), &decoder, &reader->rules[reader->rule_count++]))
                wire->bad = true;
            break;
        case BLOCK_FIELD_PACKET:
            reader->packet_field = field;
            reader->has_packet_field = true;
            break;
        }
    }
    return !wire->bad;
}

/* The next message field of the packet; false at its end. */
static bool next_message_field(struct message_block_reader *reader, struct wire_field *ret_field)
{
    if (reader->has_message_field) {
        *ret_field = reader->message_field;
        reader->has_message_field = false;
        return true;
    }
    while (wire_read_field(&reader->packet, ret_field))
        if (ret_field->number == PACKET_FIELD_MESSAGE)
            return true;
    if (reader->packet.bad)
        reader->reader.bad = true;
    return false;
}

bool message_block_next_packet(struct message_block_reader *reader, uint32_t *ret_packet,
                               struct bytes *ret_body)
{
    /* The first message of a packet is the base of the next packet's: it has to be read by someone. */
    const struct message *message;
    const struct block_rule *rule;
    if (!reader->packet_begun && reader->packet.at)
        message_block_next(reader, &message, &rule, NULL);

    struct wire_reader *wire = &reader->reader;
    struct wire_field field = reader->packet_field;
    while (!reader->has_packet_field) {
        if (!wire_read_field(wire, &field))
            return false;
        reader->has_packet_field = field.number == BLOCK_FIELD_PACKET;
    }
    reader->has_packet_field = false;
    struct bytes body = wire_read_bytes(wire, &field);
    if (wire->bad)
        return false;

    uint32_t number = 0;
    reader->packet = wire_reader_of(body);
    reader->packet_begun = false;
    reader->has_message_field = false;
    while (!reader->has_message_field && wire_read_field(&reader->packet, &field)) {
        if (field.number == PACKET_FIELD_NUMBER)
            number = (uint32_t)wire_read_uint(&reader->packet, &field);
        reader->has_message_field = field.number == PACKET_FIELD_MESSAGE;
        reader->message_field = field;
    }
    if (reader->packet.bad) {
        wire->bad = true;
        return false;
    }
    *ret_packet = number;
    if (ret_body)
        *ret_body = body;
    return true;
}

/* Adds to a counter of 4 bytes; where there is none it counts as the one before 0, so that the next is 0. */
static void advance_counter(struct state *state, unsigned type, size_t at, uint32_t by)
{
    uint64_t value;
    if (!message_get_uint(state->message, type, 0, 4, &value))
        value = 0;
    put_big_endian(state->numbers + at, (uint32_t)value + by, 4);
    message_set(state->message, type, (struct bytes){state->numbers + at, 4});
}

/* What goes on by itself from one message to the next. */
static void advance(struct state *state)
{
    state->message->number++;
    if (state->message->attribute[MESSAGE_SEQ].length == 4)
        advance_counter(state, MESSAGE_SEQ, NUMBERS_SEQ, 1);
    if (state->message->attribute[MESSAGE_SEQ_GLOBAL].length == 4)
        advance_counter(state, MESSAGE_SEQ_GLOBAL, NUMBERS_SEQ_GLOBAL, 1);
}

static void read_counter(struct state *state, unsigned type, size_t at, int64_t difference)
{
    if (state->message->attribute[type].length != 4)
        message_unset(state->message, type);
    advance_counter(state, type, at, (uint32_t)difference);
}

static void read_time(struct state *state, int64_t difference, struct wire_reader *wire)
{
    uint64_t time_us = 0;
    message_get_time_us(state->message, &time_us);
    time_us += (uint64_t)difference;
    uint8_t *at = state->numbers + NUMBERS_TIME;
    put_big_endian(at, time_us / 1000000, 8);
    put_big_endian(at + 8, time_us % 1000000, 8);
    message_set(state->message, MESSAGE_TIMESTAMP, (struct bytes){at, 16});
    if (!message_get_time_us(state->message, &time_us))
        wire->bad = true;
}

static void read_attribute(struct state *state, struct bytes bytes, struct wire_reader *wire)
{
    if (bytes.length == 0 || (bytes.data[0] == MESSAGE_PAYLOAD && bytes.length > MESSAGE_PAYLOAD_MAX + 1)) {
        wire->bad = true;
        return;
    }
    if (bytes.data[0] < MESSAGE_ATTRIBUTES_MAX)
        message_set(state->message, bytes.data[0], (struct bytes){bytes.data + 1, bytes.length - 1});
}

/* Moves the payload to where it can be changed and gives it a length. Each time costs that length, and all
 * together are bounded: else a block of few bytes could make its reader copy for minutes. */
static void take_payload(struct message_block_reader *reader, struct state *state, uint64_t length,
                         struct wire_reader *wire)
{
    if (length > MESSAGE_PAYLOAD_MAX || reader->patched + length > MESSAGE_BLOCK_PATCHED_MAX) {
        wire->bad = true;
        return;
    }
    reader->patched += length;
    struct bytes before = state->message->attribute[MESSAGE_PAYLOAD];
    size_t kept = before.length < length ? before.length : length;
    if (kept > 0 && before.data != state->payload)
        memcpy(state->payload, before.data, kept);
    memset(state->payload + kept, 0, length - kept);
    message_set(state->message, MESSAGE_PAYLOAD, (struct bytes){state->payload, length});
    state->payload_own = true;
}

static void read_patch(struct message_block_reader *reader, struct state *state, struct bytes patch,
                       struct wire_reader *wire)
{
    if (!state->payload_own)
        take_payload(reader, state, state->message->attribute[MESSAGE_PAYLOAD].length, wire);
    if (wire->bad)
        return;
    struct wire_reader run = wire_reader_of(patch);
    uint64_t at = 0, length = state->message->attribute[MESSAGE_PAYLOAD].length;
    while (run.at != run.end) {
        uint64_t skip = wire_read_varint(&run);
        uint64_t count = wire_read_varint(&run);
        if (run.bad || skip > length - at || count > length - at - skip ||
            count > (size_t)(run.end - run.at)) {
            wire->bad = true;
            return;
        }
        memcpy(state->payload + at + skip, run.at, count);
        at += skip + count;
        run.at += count;
    }
}

static const struct block_rule *read_rule_number(struct message_block_reader *reader, struct state *state,
                                                 uint64_t number, struct wire_reader *wire)
{
    if (number == 0 || number > reader->rule_count) {
        wire->bad |= number != 0;
        return NULL;
    }
    const struct block_rule *rule = &reader->rules[number - 1];
    message_set(state->message, MESSAGE_PREFIX, rule->prefix);
    return rule;
}

/* Turns the state, a copy of the base, into the message. */
static bool read_message(struct message_block_reader *reader, struct state *state, struct bytes body,
                         const struct block_rule **ret_rule)
{
    struct wire_reader wire = wire_reader_of(body);
    struct wire_field field;
    uint64_t type;
    advance(state);
    *ret_rule = NULL;
    while (wire_read_field(&wire, &field)) {
        switch (field.number) {
        case MESSAGE_FIELD_NUMBER:
            state->message->number += (uint64_t)wire_read_sint(&wire, &field);
            break;
        case MESSAGE_FIELD_TIME:
            read_time(state, wire_read_sint(&wire, &field), &wire);
            break;
        case MESSAGE_FIELD_WITHOUT:
            type = wire_read_uint(&wire, &field);
            if (type < MESSAGE_ATTRIBUTES_MAX)
                message_unset(state->message, (unsigned)type);
            break;
        case MESSAGE_FIELD_ATTRIBUTE:
            read_attribute(state, wire_read_bytes(&wire, &field), &wire);
            break;
        case MESSAGE_FIELD_SEQ:
            read_counter(state, MESSAGE_SEQ, NUMBERS_SEQ, wire_read_sint(&wire, &field));
            break;
        case MESSAGE_FIELD_SEQ_GLOBAL:
            read_counter(state, MESSAGE_SEQ_GLOBAL, NUMBERS_SEQ_GLOBAL, wire_read_sint(&wire, &field));
            break;
        case MESSAGE_FIELD_PAYLOAD_LENGTH:
            take_payload(reader, state, wire_read_uint(&wire, &field), &wire);
            break;
        case MESSAGE_FIELD_PATCH:
            read_patch(reader, state, wire_read_bytes(&wire, &field), &wire);
            break;
        case MESSAGE_FIELD_RULE:
            *ret_rule = read_rule_number(reader, state, wire_read_uint(&wire, &field), &wire);
            break;
        case MESSAGE_FIELD_FAMILY:
            state->message->family = (uint8_t)wire_read_uint(&wire, &field);
            break;
        case MESSAGE_FIELD_RECEIVED:
            state->message->received_us += (uint64_t)wire_read_sint(&wire, &field);
            break;
        }
    }
    return !wire.bad;
}

bool message_block_next(struct message_block_reader *reader, const struct message **ret_message,
                        const struct block_rule **ret_rule, struct bytes *ret_body)
{
    struct wire_field field;
    if (reader->reader.bad || !next_message_field(reader, &field))
        return false;
    /* The first message of the packet before becomes, in its place, the first of this one; the others start
     * as a copy of the first, whose bytes stay where they are until they change. */
    struct state state = {&reader->first, reader->first_numbers, reader->first_payload, false};
    if (reader->packet_begun)
        state = (struct state){&reader->last, reader->last_numbers, reader->last_payload, false};
    struct bytes body = wire_read_bytes(&reader->packet, &field);
    const struct block_rule *rule;
    if (reader->packet.bad || !read_message(reader, &state, body, &rule)) {
        reader->reader.bad = true;
        return false;
    }
    if (!reader->packet_begun)
        reader->last = reader->first;
    reader->packet_begun = true;
    *ret_message = &reader->last;
    *ret_rule = rule;
    if (ret_body)
        *ret_body = body;
    return true;
}
