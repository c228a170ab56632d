/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Writing pcapng blocks. */
#include "recorder/core/pcapng.h"

#include <glib.h>
#include <string.h>

enum {
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    BLOCK_JOURNAL = 9,
};

enum {
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    SECTION_HARDWARE = 2,
    SECTION_OS = 3,
    SECTION_APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_TIME_RESOLUTION = 9,
    INTERFACE_FILTER = 11,
    PACKET_FLAGS = 2,
    PACKET_DROP_COUNT = 4,
    PACKET_ID = 5,
    STATISTICS_START = 2,
    STATISTICS_END = 3,
    STATISTICS_RECEIVED = 4,
    STATISTICS_DROPPED = 5,
};

/* The registry's number for raw IP is 101. libpcap (1.10) makes DLT_RAW, 12, of the first interface's and
 * compares that with the number of the next: tcpdump would refuse any file of two interfaces. 12 means the
 * same to all readers. */
#define LINKTYPE_RAW 12

static void put16(struct wire_writer *out, uint16_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};
    wire_write_raw(out, bytes, sizeof bytes);
}

static void put32(struct wire_writer *out, uint32_t value)
{
    put16(out, (uint16_t)value);
    put16(out, (uint16_t)(value >> 16));
}

static void put64(struct wire_writer *out, uint64_t value)
{
    put32(out, (uint32_t)value);
    put32(out, (uint32_t)(value >> 32));
}

/* Times are written high word first. */
static void put_time(struct wire_writer *out, uint64_t time_ns)
{
    put32(out, (uint32_t)(time_ns >> 32));
    put32(out, (uint32_t)time_ns);
}

static void pad(struct wire_writer *out, size_t length)
{
    static const uint8_t zeros[3];
    wire_write_raw(out, zeros, -length & 3);
}

/* A block's length is written twice, and known at its end. */
static size_t block_begin(struct wire_writer *out, uint32_t type)
{
    size_t begin = out->length;
    put32(out, type);
    put32(out, 0);
    return begin;
}

static void block_end(struct wire_writer *out, size_t begin)
{
    uint32_t length = (uint32_t)(out->length - begin + 4);
    put32(out, length);
    memcpy(out->data + begin + 4, out->data + out->length - 4, 4);
}

static void option(struct wire_writer *out, uint16_t code, const void *value, size_t length)
{
    put16(out, code);
    put16(out, (uint16_t)length);
    wire_write_raw(out, value, length);
    pad(out, length);
}

/* Length of what fits into an option, no UTF-8 character cut in two. */
static size_t whole_characters(struct bytes text)
{
    if (text.length <= PCAPNG_OPTION_MAX)
        return text.length;
    size_t length = PCAPNG_OPTION_MAX;
    while (length > 0 && (text.data[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void option_text(struct wire_writer *out, uint16_t code, const char *text)
{
    if (text && *text)
        option(out, code, text, MIN(strlen(text), PCAPNG_OPTION_MAX));
}

static void option32(struct wire_writer *out, uint16_t code, uint32_t value)
{
    put16(out, code);
    put16(out, 4);
    put32(out, value);
}

static void option64(struct wire_writer *out, uint16_t code, uint64_t value)
{
    put16(out, code);
    put16(out, 8);
    put64(out, value);
}

static void option_time(struct wire_writer *out, uint16_t code, uint64_t time_ns)
{
    put16(out, code);
    put16(out, 8);
    put_time(out, time_ns);
}

void pcapng_write_section(struct wire_writer *out, const char *hardware, const char *os,
                          const char *application)
{
    size_t begin = block_begin(out, BLOCK_SECTION);
    put32(out, 0x1a2b3c4d);
    put16(out, 1);
    put16(out, 0);
    put64(out, UINT64_MAX); /* length of the section: not told */
    option_text(out, SECTION_HARDWARE, hardware);
    option_text(out, SECTION_OS, os);
    option_text(out, SECTION_APPLICATION, application);
    option(out, OPTION_END, NULL, 0);
    block_end(out, begin);
}

void pcapng_write_interface(struct wire_writer *out, struct bytes name, uint32_t snapshot_length,
                            const char *filter)
{
    static const uint8_t nanoseconds = 9;
    size_t begin = block_begin(out, BLOCK_INTERFACE);
    put16(out, LINKTYPE_RAW);
    put16(out, 0);
    put32(out, snapshot_length);
    if (name.length > 0)
        option(out, INTERFACE_NAME, name.data, MIN(name.length, PCAPNG_OPTION_MAX));
    option(out, INTERFACE_TIME_RESOLUTION, &nanoseconds, 1);
    if (filter && *filter) {
        g_autofree char *value =
            g_strdup_printf("%c%s", 0x7f, filter); /* first byte: kind 0, a libpcap filter */
        value[0] = 0;
        option(out, INTERFACE_FILTER, value, MIN(strlen(filter) + 1, PCAPNG_OPTION_MAX));
    }
    option(out, OPTION_END, NULL, 0);
    block_end(out, begin);
}

void pcapng_write_packet(struct wire_writer *out, const struct pcapng_packet *packet)
{
    size_t begin = block_begin(out, BLOCK_PACKET);
    put32(out, packet->interface);
    put_time(out, packet->time_ns);
    put32(out, (uint32_t)packet->data.length);
    put32(out, packet->original_length);
    wire_write_raw(out, packet->data.data, packet->data.length);
    pad(out, packet->data.length);
    if (packet->comment.length > 0)
        option(out, OPTION_COMMENT, packet->comment.data, whole_characters(packet->comment));
    option32(out, PACKET_FLAGS, packet->direction);
    if (packet->drop_count > 0)
        option64(out, PACKET_DROP_COUNT, packet->drop_count);
    option64(out, PACKET_ID, packet->packet_id);
    put16(out, PCAPNG_OPTION_CUSTOM_BINARY);
    put16(out, (uint16_t)(packet->record.length + 4));
    put32(out, IPTRACE_PEN);
    wire_write_raw(out, packet->record.data, packet->record.length);
    pad(out, packet->record.length);
    option(out, OPTION_END, NULL, 0);
    block_end(out, begin);
}

void pcapng_write_custom(struct wire_writer *out, struct bytes body)
{
    size_t begin = block_begin(out, PCAPNG_CUSTOM_BLOCK);
    put32(out, IPTRACE_PEN);
    wire_write_raw(out, body.data, body.length);
    pad(out, body.length);
    block_end(out, begin);
}

void pcapng_write_journal(struct wire_writer *out, struct bytes entry)
{
    size_t begin = block_begin(out, BLOCK_JOURNAL);
    wire_write_raw(out, entry.data, entry.length);
    pad(out, entry.length);
    block_end(out, begin);
}

void pcapng_write_statistics(struct wire_writer *out, const struct pcapng_statistics *statistics)
{
    size_t begin = block_begin(out, BLOCK_STATISTICS);
    put32(out, statistics->interface);
    put_time(out, statistics->time_ns);
    option_time(out, STATISTICS_START, statistics->start_ns);
    option_time(out, STATISTICS_END, statistics->end_ns);
    option64(out, STATISTICS_RECEIVED, statistics->received);
    option64(out, STATISTICS_DROPPED, statistics->dropped);
    option(out, OPTION_END, NULL, 0);
    block_end(out, begin);
}
