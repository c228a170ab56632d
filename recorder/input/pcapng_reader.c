/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads the blocks of a pcapng file. */
#include "recorder/input/pcapng_reader.h"

#include <string.h>

#define BYTE_ORDER_MAGIC     0x1A2B3C4D
#define OPTION_TSRESOL       9
#define OPTION_TSOFFSET      14
#define NANOSECONDS          1000000000u
#define HEADER_LENGTH        8
#define INTERFACE_OPTIONS_AT 8

struct pcapng_reader_interface {
    uint32_t link_type;
    uint32_t snapshot_length; /* 0: none */
    uint64_t ticks;           /* a second */
    int64_t offset;           /* seconds */
};

static uint32_t load32(const uint8_t *at, bool swapped)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap32(value) : value;
}

static uint16_t load16(const uint8_t *at, bool swapped)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
}

static uint64_t load64(const uint8_t *at, bool swapped)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap64(value) : value;
}

void pcapng_reader_done(struct pcapng_reader *reader)
{
    if (reader->interfaces)
        g_array_free(reader->interfaces, TRUE);
    *reader = (struct pcapng_reader){0};
}

bool pcapng_reader_uint32(const struct pcapng_reader *reader, struct bytes bytes, size_t at,
                          uint32_t *ret_value)
{
    if (bytes.length < 4 || at > bytes.length - 4)
        return false;
    *ret_value = load32(bytes.data + at, reader->swapped);
    return true;
}

/* ---- Where blocks begin and end ---- */

/* The byte order of the block at the front; a section header says it itself. False: it is none. */
static bool find_order(const struct pcapng_reader *reader, struct bytes window, bool *ret_swapped)
{
    *ret_swapped = reader->swapped;
    if (load32(window.data, false) != PCAPNG_SECTION_HEADER)
        return reader->begun;
    uint32_t magic = load32(window.data + HEADER_LENGTH, false);
    *ret_swapped = magic != BYTE_ORDER_MAGIC;
    return magic == BYTE_ORDER_MAGIC || magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
}

enum candidate { CANDIDATE_SOUND, CANDIDATE_NONE, CANDIDATE_MORE };

/* `window` has PCAPNG_READER_LENGTH_MIN bytes at least. */
static enum candidate examine(const struct pcapng_reader *reader, struct bytes window, bool final,
                              uint32_t *ret_length)
{
    bool swapped;
    if (!find_order(reader, window, &swapped))
        return CANDIDATE_NONE;
    uint32_t length = load32(window.data + 4, swapped);
    *ret_length = length;
    if (length < PCAPNG_READER_LENGTH_MIN || length > PCAPNG_READER_BLOCK_MAX || length % 4 != 0)
        return CANDIDATE_NONE;
    if (length > window.length)
        return final ? CANDIDATE_NONE : CANDIDATE_MORE;
    return load32(window.data + length - 4, swapped) == length ? CANDIDATE_SOUND : CANDIDATE_NONE;
}

static void advance(struct bytes *window, size_t length)
{
    *window = (struct bytes){window->data + length, window->length - length};
}

/* Goes on in steps of 4 bytes, which all blocks are a multiple of. Of what looks like a long block no more is
 * asked than is in the window: damage shall not make the whole file be read into memory. */
static enum pcapng_status look_for_block(struct pcapng_reader *reader, struct bytes *window, bool final,
                                         size_t *ret_wanted)
{
    uint32_t length;
    while (window->length >= PCAPNG_READER_LENGTH_MIN) {
        if (examine(reader, *window, true, &length) == CANDIDATE_SOUND) {
            reader->damaged = false;
            return PCAPNG_DAMAGE;
        }
        advance(window, 4);
    }
    *ret_wanted = 2 * (size_t)PCAPNG_READER_LENGTH_MIN;
    if (!final)
        return PCAPNG_MORE;
    advance(window, window->length);
    return PCAPNG_CUT;
}

enum pcapng_status pcapng_reader_next(struct pcapng_reader *reader, struct bytes *window, bool final,
                                      struct pcapng_reader_block *ret_block, size_t *ret_wanted)
{
    uint32_t length;
    if (reader->damaged)
        return look_for_block(reader, window, final, ret_wanted);
    if (window->length == 0 && final)
        return PCAPNG_END;
    if (window->length < PCAPNG_READER_LENGTH_MIN) {
        *ret_wanted = PCAPNG_READER_LENGTH_MIN;
        if (!final)
            return PCAPNG_MORE;
        advance(window, window->length);
        return PCAPNG_CUT;
    }
    switch (examine(reader, *window, final, &length)) {
    case CANDIDATE_MORE:
        *ret_wanted = length;
        return PCAPNG_MORE;
    case CANDIDATE_NONE:
        reader->damaged = true;
        advance(window, 4);
        return look_for_block(reader, window, final, ret_wanted);
    case CANDIDATE_SOUND:
        break;
    }
    bool swapped;
    find_order(reader, *window, &swapped);
    ret_block->type = load32(window->data, swapped);
    ret_block->body = (struct bytes){window->data + HEADER_LENGTH, length - PCAPNG_READER_LENGTH_MIN};
    advance(window, length);
    return PCAPNG_BLOCK;
}

/* ---- What the blocks say ---- */

static bool begin_section(struct pcapng_reader *reader, struct bytes body)
{
    if (body.length < 16)
        return false;
    reader->swapped = load32(body.data, false) != BYTE_ORDER_MAGIC;
    reader->begun = true;
    if (!reader->interfaces)
        reader->interfaces = g_array_new(FALSE, FALSE, sizeof(struct pcapng_reader_interface));
    g_array_set_size(reader->interfaces, 0);
    return load16(body.data + 4, reader->swapped) == 1; /* major version */
}

static uint64_t ticks_of(uint8_t resolution)
{
    unsigned power = resolution & 0x7f;
    if (resolution & 0x80)
        return power < 64 ? (uint64_t)1 << power : 0;
    uint64_t ticks = 1;
    for (unsigned i = 0; i < power; i++)
        ticks = ticks <= UINT64_MAX / 10 ? ticks * 10 : 0;
    return ticks;
}

static void read_interface_option(struct pcapng_reader_interface *interface, unsigned code,
                                  struct bytes value, bool swapped)
{
    if (code == OPTION_TSRESOL && value.length >= 1) {
        interface->ticks = ticks_of(value.data[0]);
    } else if (code == OPTION_TSOFFSET && value.length >= 8) {
        interface->offset = (int64_t)load64(value.data, swapped);
    }
}

/* The next option from `at` on; false at their end. */
static bool next_option(const struct pcapng_reader *reader, struct bytes body, size_t *at, unsigned *ret_code,
                        struct bytes *ret_value)
{
    if (*at > body.length || body.length - *at < 4)
        return false;
    size_t length = load16(body.data + *at + 2, reader->swapped), padded = (length + 3) & ~(size_t)3;
    *ret_code = load16(body.data + *at, reader->swapped);
    *at += 4;
    if (*ret_code == 0 || padded > body.length - *at)
        return false;
    *ret_value = (struct bytes){body.data + *at, length};
    *at += padded;
    return true;
}

static bool add_interface(struct pcapng_reader *reader, struct bytes body)
{
    if (!reader->interfaces || reader->interfaces->len >= PCAPNG_READER_INTERFACES_MAX || body.length < 8)
        return false;
    struct pcapng_reader_interface interface = {
        .link_type = load16(body.data, reader->swapped),
        .snapshot_length = load32(body.data + 4, reader->swapped),
        .ticks = 1000000,
    };
    size_t at = INTERFACE_OPTIONS_AT;
    unsigned code;
    struct bytes value;
    while (next_option(reader, body, &at, &code, &value))
        read_interface_option(&interface, code, value, reader->swapped);
    g_array_append_val(reader->interfaces, interface);
    return interface.ticks != 0;
}

bool pcapng_reader_note(struct pcapng_reader *reader, const struct pcapng_reader_block *block)
{
    if (block->type == PCAPNG_SECTION_HEADER)
        return begin_section(reader, block->body);
    if (block->type == PCAPNG_INTERFACE)
        return add_interface(reader, block->body);
    return true;
}

static uint64_t time_ns_of(const struct pcapng_reader_interface *interface, uint64_t ticks)
{
    __int128 ns = (__int128)ticks * NANOSECONDS / interface->ticks;
    ns += (__int128)interface->offset * NANOSECONDS;
    return ns < 0 ? 0 : ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

bool pcapng_reader_packet(const struct pcapng_reader *reader, const struct pcapng_reader_block *block,
                          struct pcapng_reader_packet *ret_packet)
{
    struct bytes body = block->body;
    bool simple = block->type == PCAPNG_SIMPLE_PACKET, swapped = reader->swapped;
    size_t header = simple ? 4 : 20;
    if (body.length < header || !reader->interfaces)
        return false;
    uint32_t number = simple                                  ? 0
                      : block->type == PCAPNG_ENHANCED_PACKET ? load32(body.data, swapped)
                                                              : load16(body.data, swapped);
    if (number >= reader->interfaces->len)
        return false;
    const struct pcapng_reader_interface *interface =
        &g_array_index(reader->interfaces, struct pcapng_reader_interface, number);

    uint32_t original = load32(body.data + header - 4, swapped), captured = original;
    if (!simple)
        captured = load32(body.data + 12, swapped);
    else if (interface->snapshot_length > 0 && captured > interface->snapshot_length)
        captured = interface->snapshot_length;
    if (captured > body.length - header)
        return false;
    *ret_packet = (struct pcapng_reader_packet){
        .link_type = interface->link_type,
        .data = {body.data + header, captured},
        .cut = captured < original,
    };
    if (!simple && interface->ticks > 0) {
        uint64_t ticks = (uint64_t)load32(body.data + 4, swapped) << 32 | load32(body.data + 8, swapped);
        ret_packet->has_time = true;
        ret_packet->time_ns = time_ns_of(interface, ticks);
    }
    return true;
}
