/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A bounded reader and a growing writer for the wire format of Protocol Buffers, which all our bodies use.
 *
 * Source of the facts: protobuf.dev, "Encoding". A message is a run of fields; a field is a key (varint:
 * number << 3 | wire type) and a value:
 *
 *     wire type 0  varint         7 bits a byte, least significant first, bit 7 set on all but the last
 *     wire type 1  8 bytes        little endian
 *     wire type 2  length, bytes  length is a varint
 *     wire type 5  4 bytes        little endian
 *
 * Signed values are varints in zigzag form. Types 3 and 4 (groups) and 6, 7 are damage here. */
#ifndef IPTRACE_FORMAT_WIRE_H
#define IPTRACE_FORMAT_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A run of bytes in memory owned by somebody else; `data` may be null if `length` is 0. */
struct bytes {
    const uint8_t *data;
    size_t length;
};

/* A literal without its terminating zero. */
#define BYTES(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

/* Most attributes have four bytes, for which a call would cost more than the comparison. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    if (a.length != b.length)
        return false;
    if (a.data == b.data || a.length == 0)
        return true;
    // NOLINTBEGIN(clang-analyzer-core.NonNullParamChecker): null only where the length is 0
    if (a.length != 4)
        return memcmp(a.data, b.data, a.length) == 0;
    uint32_t of_a, of_b;
    memcpy(&of_a, a.data, 4);
    memcpy(&of_b, b.data, 4);
    // NOLINTEND(clang-analyzer-core.NonNullParamChecker)
    return of_a == of_b;
}

/* The first `max` bytes of a run that may be longer. */
static inline struct bytes bytes_cut(struct bytes bytes, size_t max)
{
    return bytes.length <= max ? bytes : (struct bytes){bytes.data, max};
}

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

/* Reads `at` to `end`, never beyond. `bad` is sticky: set at the first damage, after which nothing more is
 * read. */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;     /* of a varint, fixed64 or fixed32 */
    struct bytes bytes; /* of the type that has a length; else the bytes of the value */
};

static inline struct wire_reader wire_reader_of(struct bytes bytes)
{
    return (struct wire_reader){.at = bytes.data, .end = bytes.data ? bytes.data + bytes.length : bytes.data};
}

/* The next field; false at the end and on damage (`reader->bad` is then set). */
bool wire_read_field(struct wire_reader *reader, struct wire_field *ret_field);

/* The value of a field that must be of one type. A field of another type is damage: sets `reader->bad` and
 * returns 0 or an empty run. */
uint64_t wire_read_uint(struct wire_reader *reader, const struct wire_field *field);
int64_t wire_read_sint(struct wire_reader *reader, const struct wire_field *field);
struct bytes wire_read_bytes(struct wire_reader *reader, const struct wire_field *field);

/* A bare varint, as used inside byte strings; 0 and `bad` on damage. */
uint64_t wire_read_varint(struct wire_reader *reader);

/* Grows as needed; running out of memory ends the program, as in glib. Start with {0}; end with
 * wire_writer_done(). */
struct wire_writer {
    uint8_t *data;
    size_t length;
    size_t capacity;
};

void wire_writer_done(struct wire_writer *writer);

/* Makes room for `length` more bytes and returns where they begin, without counting them. */
uint8_t *wire_writer_reserve(struct wire_writer *writer, size_t length);

void wire_write_raw(struct wire_writer *writer, const void *data, size_t length);
void wire_write_varint(struct wire_writer *writer, uint64_t value);
void wire_write_uint(struct wire_writer *writer, uint32_t number, uint64_t value);
void wire_write_sint(struct wire_writer *writer, uint32_t number, int64_t value);
void wire_write_fixed32(struct wire_writer *writer, uint32_t number, uint32_t value);
void wire_write_fixed64(struct wire_writer *writer, uint32_t number, uint64_t value);
void wire_write_bytes(struct wire_writer *writer, uint32_t number, struct bytes bytes);

/* Brackets a nested message: everything written between the two is its body.
 * wire_write_end() takes what wire_write_begin() returned. */
size_t wire_write_begin(struct wire_writer *writer, uint32_t number);
void wire_write_end(struct wire_writer *writer, size_t begin);

#endif
