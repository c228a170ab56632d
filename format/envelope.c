/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The header in front of everything we put into a pcapng file. */
#include "format/envelope.h"

#include <string.h>

static const uint8_t magic[4] = {'I', 'P', 'T', 'R'};

enum envelope_status envelope_open(struct bytes bytes, unsigned *ret_version, unsigned *ret_kind,
                                   struct bytes *ret_body)
{
    if (bytes.length < IPTRACE_ENVELOPE_LENGTH || memcmp(bytes.data, magic, sizeof magic) != 0)
        return ENVELOPE_FOREIGN;
    *ret_version = bytes.data[4];
    *ret_kind = bytes.data[5];
    if (*ret_version != IPTRACE_FORMAT_VERSION)
        return ENVELOPE_VERSION;
    size_t length = bytes.length - IPTRACE_ENVELOPE_LENGTH;
    size_t padding = bytes.data[6] <= 3 && bytes.data[6] <= length ? bytes.data[6] : 0;
    *ret_body = (struct bytes){bytes.data + IPTRACE_ENVELOPE_LENGTH, length - padding};
    return ENVELOPE_OK;
}

void envelope_write(struct wire_writer *writer, enum envelope_kind kind)
{
    const uint8_t rest[4] = {IPTRACE_FORMAT_VERSION, kind, 0, 0};
    wire_write_raw(writer, magic, sizeof magic);
    wire_write_raw(writer, rest, sizeof rest);
}

void envelope_pad(struct wire_writer *writer, size_t begin)
{
    static const uint8_t zeros[3];
    uint8_t padding = (uint8_t)(-(writer->length - begin) & 3);
    wire_write_raw(writer, zeros, padding);
    writer->data[begin + 6] = padding;
}
