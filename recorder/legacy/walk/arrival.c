/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A message on its way to its path. */
#include "recorder/legacy/walk/arrival.h"

#include "recorder/legacy/walk/annotate.h"

#include <string.h>

/* The time of reading is taken once for several messages, and a reader may be interrupted between them. A
 * message with a time of its own is not earlier than that time, whatever its reader did. */
#define READING_NS         1000000
#define READING_UNTIMED_NS 20000000

static uint32_t message_device(const struct message *message, unsigned type)
{
    uint64_t index = 0;
    message_get_uint(message, type, 0, 4, &index);
    return (uint32_t)index;
}

static void read_marks(const struct message *message, const struct packet *packet, struct marks *ret_marks)
{
    uint64_t mark = 0;
    *ret_marks = (struct marks){.ttl = packet->ttl, .dst_length = (uint8_t)packet->dst.length};
    ret_marks->has_time = message_get_time_us(message, &ret_marks->time_us);
    message_get_uint(message, MESSAGE_MARK, 0, 4, &mark);
    ret_marks->mark = (uint32_t)mark;
    if (packet->dst.length > 0)
        memcpy(ret_marks->dst, packet->dst.data, packet->dst.length);
}

/* The kernel's time is that of the message, or of the packet's arrival, a little earlier. A message without
 * one came after the time of any message before it, and after the source was read empty before it. */
static void set_times(struct stream_clock *clock, struct arrival *arrival)
{
    if (arrival->marks.has_time)
        clock->stream_ns = MAX(clock->stream_ns, arrival->marks.time_us * 1000);
    uint64_t from_ns =
        arrival->marks.has_time ? arrival->marks.time_us * 1000 : MAX(clock->stream_ns, clock->drained_ns);
    arrival->annotation.from_ns = from_ns;
    uint64_t late_ns = arrival->marks.has_time ? READING_NS : READING_UNTIMED_NS;
    arrival->annotation.to_ns = MAX(from_ns, arrival->event->received_ns + late_ns);
}

bool arrival_read(struct arrival *arrival, const struct event *event, const struct rulebook *book,
                  struct stream_clock *clock)
{
    const struct message *message = &event->message;
    struct prefix prefix;
    uint64_t hook;
    *arrival = (struct arrival){.event = event};
    if (!prefix_parse(message_get_prefix(message), &prefix) ||
        !message_get_uint(message, MESSAGE_PACKET_HEADER, 2, 1, &hook) || hook >= HOOK_COUNT)
        return false;
    arrival->annotation.spot = (struct spot){(enum hook)hook, table_of_name(prefix.table)};
    if (arrival->annotation.spot.table == TABLE_COUNT ||
        table_place(arrival->annotation.spot.table, (enum hook)hook) == 0)
        return false;
    packet_parse(message->attribute[MESSAGE_PAYLOAD], &arrival->packet);
    arrival->family = ip_family_of_af(message->family);
    arrival->chain = prefix.chain;
    arrival->key = packet_key(&arrival->packet);
    arrival->devices = (struct devices){
        message_device(message, MESSAGE_IN),
        message_device(message, MESSAGE_OUT),
        message_device(message, MESSAGE_PHYSIN),
        message_device(message, MESSAGE_PHYSOUT),
    };
    arrival->exist = rulebook_tables(book, arrival->family);
    arrival->tables_known = rulebook_knows_tables(book, arrival->family);
    arrival->translated = rulebook_may_translate(book, arrival->family);
    read_marks(message, &arrival->packet, &arrival->marks);
    set_times(clock, arrival);
    annotate(book, arrival->family, &prefix, event, &arrival->annotation);
    return true;
}

bool arrival_is_built_in(const struct arrival *arrival)
{
    const char *name = hook_name(arrival->annotation.spot.hook);
    return bytes_equal(arrival->chain, (struct bytes){(const uint8_t *)name, strlen(name)});
}
