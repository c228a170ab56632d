/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Strings by number. */
#include "format/strings.h"

#include <string.h>

#define KNOWN_LENGTH_MAX 11

#define KNOWN_BYTES(number, word) [number] = BYTES(word),
static const struct bytes known[STRINGS_OWN_FIRST] = {KNOWN_STRING_TABLE(KNOWN_BYTES)};
#undef KNOWN_BYTES

/* The first number of each length; where one length ends, the next begins. */
static const uint8_t first_of_length[KNOWN_LENGTH_MAX + 2] = {1, 1, 1, 3, 7, 12, 15, 22, 25, 28, 28, 30, 31};

uint32_t known_string_number(struct bytes string)
{
    if (string.length > KNOWN_LENGTH_MAX)
        return 0;
    for (uint32_t i = first_of_length[string.length]; i < first_of_length[string.length + 1]; i++)
        if (memcmp(known[i].data, string.data, string.length) == 0)
            return i;
    return 0;
}

struct bytes string_list_get(const struct string_list *list, uint64_t number, struct wire_reader *reader)
{
    if (number < STRINGS_OWN_FIRST) {
        reader->bad |= number != 0 && !known[number].data;
        return known[number];
    }
    if (number - STRINGS_OWN_FIRST >= list->count) {
        reader->bad = true;
        return (struct bytes){0};
    }
    return list->at[number - STRINGS_OWN_FIRST];
}

uint32_t string_collector_number(struct string_collector *collector, struct bytes string)
{
    uint32_t number = known_string_number(string);
    if (string.length == 0 || number != 0)
        return number;
    for (uint32_t i = 0; i < collector->count; i++)
        if (bytes_equal(collector->at[i], string))
            return STRINGS_OWN_FIRST + i;
    if (collector->count == FORMAT_STRINGS_MAX)
        return 0;
    number = STRINGS_OWN_FIRST + collector->count;
    collector->at[collector->count++] = string;
    wire_write_bytes(collector->writer, collector->field, string);
    return number;
}
