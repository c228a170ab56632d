/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads a classic pcap file. */
#include "recorder/input/pcap_reader.h"

#include <string.h>

#define MAGIC_MICROSECONDS 0xA1B2C3D4
#define MAGIC_NANOSECONDS  0xA1B23C4D

static uint32_t load32(const uint8_t *at, bool swapped)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}

bool pcap_reader_begin(struct pcap_reader *ret_reader, struct bytes header)
{
    if (header.length < PCAP_HEADER_LENGTH)
        return false;
    for (unsigned swapped = 0; swapped < 2; swapped++) {
        uint32_t magic = load32(header.data, swapped);
        if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
            continue;
        *ret_reader = (struct pcap_reader){
            .swapped = swapped,
            .nanoseconds = magic == MAGIC_NANOSECONDS,
            .link_type = load32(header.data + 20, swapped) & 0xffff, /* above: length of the check sum */
        };
        return true;
    }
    return false;
}

enum pcap_status pcap_reader_next(const struct pcap_reader *reader, struct bytes *window,
                                  struct pcap_record *ret_record, size_t *ret_wanted)
{
    *ret_wanted = PCAP_RECORD_HEADER_LENGTH;
    if (window->length < PCAP_RECORD_HEADER_LENGTH)
        return PCAP_MORE;
    const uint8_t *at = window->data;
    uint32_t seconds = load32(at, reader->swapped), fraction = load32(at + 4, reader->swapped);
    uint32_t captured = load32(at + 8, reader->swapped), original = load32(at + 12, reader->swapped);
    if (captured > PCAP_RECORD_MAX)
        return PCAP_DAMAGE;
    *ret_wanted += captured;
    if (window->length < *ret_wanted)
        return PCAP_MORE;
    *ret_record = (struct pcap_record){
        .time_ns = (uint64_t)seconds * 1000000000u + (uint64_t)fraction * (reader->nanoseconds ? 1 : 1000),
        .data = {at + PCAP_RECORD_HEADER_LENGTH, captured},
        .cut = captured < original,
    };
    *window = (struct bytes){at + *ret_wanted, window->length - *ret_wanted};
    return PCAP_RECORD;
}
