/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Capture files made at test time, in either byte order. */
#ifndef IPTRACE_TESTS_CAPTURE_BUILD_H
#define IPTRACE_TESTS_CAPTURE_BUILD_H

#include "format/envelope.h"

static inline void build_uint(struct wire_writer *out, bool big, unsigned size, uint64_t value)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * (big ? size - 1 - i : i));
    wire_write_raw(out, bytes, size);
}

static inline void build_padding(struct wire_writer *out)
{
    wire_write_raw(out, "\0\0\0", -out->length & 3);
}

static inline void build_block(struct wire_writer *out, bool big, uint32_t type, struct wire_writer *body)
{
    build_padding(body);
    uint32_t length = (uint32_t)body->length + 12;
    build_uint(out, big, 4, type);
    build_uint(out, big, 4, length);
    wire_write_raw(out, body->data, body->length);
    build_uint(out, big, 4, length);
    wire_writer_done(body);
}

static inline void build_section(struct wire_writer *out, bool big)
{
    struct wire_writer body = {0};
    build_uint(&body, big, 4, 0x1A2B3C4D);
    build_uint(&body, big, 2, 1);
    build_uint(&body, big, 2, 0);
    build_uint(&body, big, 8, UINT64_MAX);
    build_block(out, big, 0x0A0D0D0A, &body);
}

/* `resolution` as if_tsresol has it. */
static inline void build_interface(struct wire_writer *out, bool big, uint16_t link_type, uint8_t resolution,
                                   int64_t offset)
{
    struct wire_writer body = {0};
    build_uint(&body, big, 2, link_type);
    build_uint(&body, big, 2, 0);
    build_uint(&body, big, 4, 8); /* snapshot length */
    build_uint(&body, big, 2, 9);
    build_uint(&body, big, 2, 1);
    build_uint(&body, big, 1, resolution);
    build_padding(&body);
    build_uint(&body, big, 2, 14);
    build_uint(&body, big, 2, 8);
    build_uint(&body, big, 8, (uint64_t)offset);
    build_uint(&body, big, 4, 0);
    build_block(out, big, 1, &body);
}

static inline void build_packet(struct wire_writer *out, bool big, uint32_t interface, uint64_t ticks,
                                struct bytes data, uint32_t original)
{
    struct wire_writer body = {0};
    build_uint(&body, big, 4, interface);
    build_uint(&body, big, 4, ticks >> 32);
    build_uint(&body, big, 4, ticks & UINT32_MAX);
    build_uint(&body, big, 4, data.length);
    build_uint(&body, big, 4, original);
    wire_write_raw(&body, data.data, data.length);
    build_padding(&body);
    build_block(out, big, 6, &body);
}

/* `content` from the envelope on. */
static inline void build_custom(struct wire_writer *out, bool big, uint32_t enterprise, struct bytes content)
{
    struct wire_writer body = {0};
    build_uint(&body, big, 4, enterprise);
    wire_write_raw(&body, content.data, content.length);
    build_block(out, big, PCAPNG_CUSTOM_BLOCK, &body);
}

#endif
