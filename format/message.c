/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A TRACE message as the kernel sent it: reading its attributes. */
#include "format/message.h"

#include <endian.h>
#include <string.h>

bool message_get_uint(const struct message *message, unsigned type, size_t offset, size_t size,
                      uint64_t *ret_value)
{
    struct bytes bytes = message->attribute[type];
    if (!message_has(message, type) || bytes.length < offset + size)
        return false;
    uint32_t word;
    uint64_t value = 0;
    if (size == sizeof word) {
        memcpy(&word, bytes.data + offset, sizeof word);
        *ret_value = be32toh(word);
        return true;
    }
    if (size == sizeof value) {
        memcpy(&value, bytes.data + offset, sizeof value);
        *ret_value = be64toh(value);
        return true;
    }
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes.data[offset + i];
    *ret_value = value;
    return true;
}

bool message_get_time_us(const struct message *message, uint64_t *ret_time_us)
{
    uint64_t seconds, microseconds;
    if (!message_get_uint(message, MESSAGE_TIMESTAMP, 0, 8, &seconds) ||
        !message_get_uint(message, MESSAGE_TIMESTAMP, 8, 8, &microseconds) ||
        message->attribute[MESSAGE_TIMESTAMP].length != 16 || seconds > UINT32_MAX * 16ull ||
        microseconds >= 1000000)
        return false;
    *ret_time_us = seconds * 1000000 + microseconds;
    return true;
}

struct bytes message_get_prefix(const struct message *message)
{
    struct bytes prefix = message->attribute[MESSAGE_PREFIX];
    if (prefix.length > 0)
        prefix.length = strnlen((const char *)prefix.data, prefix.length);
    return prefix;
}
