/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A bounded reader and a growing writer for the wire format of Protocol Buffers. */
#include "format/wire.h"

#include <glib.h>

#define VARINT_MAX ((size_t)10) /* bytes of the longest varint */

static uint64_t read_little_endian(const uint8_t *at, size_t length)
{
    uint64_t value = 0;
    for (size_t i = length; i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

uint64_t wire_read_varint(struct wire_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->bad || reader->at == reader->end)
            break;
        uint8_t byte = *reader->at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    reader->bad = true;
    return 0;
}

static struct bytes read_run(struct wire_reader *reader, uint64_t length)
{
    if (reader->bad || length > (uint64_t)(reader->end - reader->at)) {
        reader->bad = true;
        return (struct bytes){0};
    }
    struct bytes run = {reader->at, length};
    reader->at += length;
    return run;
}

bool wire_read_field(struct wire_reader *reader, struct wire_field *ret_field)
{
    if (reader->bad || reader->at == reader->end)
        return false;

    uint64_t key = wire_read_varint(reader);
    struct wire_field field = {.number = (uint32_t)(key >> 3), .type = key & 7};
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        reader->bad = true;

    const uint8_t *begin = reader->at;
    switch (field.type) {
    case WIRE_VARINT:
        field.value = wire_read_varint(reader);
        field.bytes = (struct bytes){begin, reader->at - begin};
        break;
    case WIRE_FIXED64:
    case WIRE_FIXED32:
        field.bytes = read_run(reader, field.type == WIRE_FIXED64 ? 8 : 4);
        field.value = read_little_endian(field.bytes.data, field.bytes.length);
        break;
    case WIRE_BYTES:
        field.bytes = read_run(reader, wire_read_varint(reader));
        break;
    default:
        reader->bad = true;
    }
    if (reader->bad)
        return false;
    *ret_field = field;
    return true;
}

uint64_t wire_read_uint(struct wire_reader *reader, const struct wire_field *field)
{
    if (field->type == WIRE_BYTES) {
        reader->bad = true;
        return 0;
    }
    return field->value;
}

int64_t wire_read_sint(struct wire_reader *reader, const struct wire_field *field)
{
    uint64_t value = wire_read_uint(reader, field);
    return (int64_t)(value >> 1 ^ -(value & 1));
}

struct bytes wire_read_bytes(struct wire_reader *reader, const struct wire_field *field)
{
    if (field->type != WIRE_BYTES) {
        reader->bad = true;
        return (struct bytes){0};
    }
    return field->bytes;
}

void wire_writer_done(struct wire_writer *writer)
{
    g_free(writer->data);
    *writer = (struct wire_writer){0};
}

uint8_t *wire_writer_reserve(struct wire_writer *writer, size_t length)
{
    if (!writer->data || writer->capacity - writer->length < length) {
        writer->capacity = MAX(writer->capacity * 2, writer->length + length + 256);
        writer->data = g_realloc(writer->data, writer->capacity);
    }
    return writer->data + writer->length;
}

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t length = 0;
    for (; value >= 0x80; value >>= 7)
        at[length++] = (uint8_t)(value | 0x80);
    at[length++] = (uint8_t)value;
    return length;
}

static void put_little_endian(uint8_t *at, uint64_t value, size_t length)
{
    for (size_t i = 0; i < length; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

void wire_write_raw(struct wire_writer *writer, const void *data, size_t length)
{
    if (length == 0)
        return;
    memcpy(wire_writer_reserve(writer, length), data, length);
    writer->length += length;
}

void wire_write_varint(struct wire_writer *writer, uint64_t value)
{
    writer->length += put_varint(wire_writer_reserve(writer, VARINT_MAX), value);
}

void wire_write_uint(struct wire_writer *writer, uint32_t number, uint64_t value)
{
    uint8_t *at = wire_writer_reserve(writer, 2 * VARINT_MAX);
    size_t length = put_varint(at, (uint64_t)number << 3 | WIRE_VARINT);
    writer->length += length + put_varint(at + length, value);
}

void wire_write_sint(struct wire_writer *writer, uint32_t number, int64_t value)
{
    wire_write_uint(writer, number, (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0));
}

static void write_fixed(struct wire_writer *writer, uint64_t key, uint64_t value, size_t size)
{
    uint8_t *at = wire_writer_reserve(writer, VARINT_MAX + size);
    size_t length = put_varint(at, key);
    put_little_endian(at + length, value, size);
    writer->length += length + size;
}

void wire_write_fixed32(struct wire_writer *writer, uint32_t number, uint32_t value)
{
    write_fixed(writer, (uint64_t)number << 3 | WIRE_FIXED32, value, 4);
}

void wire_write_fixed64(struct wire_writer *writer, uint32_t number, uint64_t value)
{
    write_fixed(writer, (uint64_t)number << 3 | WIRE_FIXED64, value, 8);
}

void wire_write_bytes(struct wire_writer *writer, uint32_t number, struct bytes bytes)
{
    uint8_t *at = wire_writer_reserve(writer, 2 * VARINT_MAX + bytes.length);
    size_t length = put_varint(at, (uint64_t)number << 3 | WIRE_BYTES);
    length += put_varint(at + length, bytes.length);
    if (bytes.length > 0)
        memcpy(at + length, bytes.data, bytes.length);
    writer->length += length + bytes.length;
}

size_t wire_write_begin(struct wire_writer *writer, uint32_t number)
{
    uint8_t *at = wire_writer_reserve(writer, VARINT_MAX + 1);
    writer->length += put_varint(at, (uint64_t)number << 3 | WIRE_BYTES) + 1;
    return writer->length;
}

void wire_write_end(struct wire_writer *writer, size_t begin)
{
    /* One byte was kept for the length; a body of 128 bytes or more has to move. */
    size_t body = writer->length - begin;
    uint8_t prefix[VARINT_MAX];
    size_t needed = put_varint(prefix, body);
    if (needed > 1) {
        wire_writer_reserve(writer, needed - 1);
        memmove(writer->data + begin + needed - 1, writer->data + begin, body);
        writer->length += needed - 1;
    }
    memcpy(writer->data + begin - 1, prefix, needed);
}
