/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The NFLOG prefix of a TRACE message. */
#include "recorder/legacy/walk/prefix.h"

#include <string.h>

#define PREFIX_HEAD "TRACE: "

/* Cuts `text` at its last ':', gives what stands behind it, and leaves what stands before. */
static bool cut_last(struct bytes *text, struct bytes *ret_tail)
{
    const uint8_t *colon = text->length > 0 ? memrchr(text->data, ':', text->length) : NULL;
    if (!colon)
        return false;
    size_t before = (size_t)(colon - text->data);
    *ret_tail = (struct bytes){colon + 1, text->length - before - 1};
    text->length = before;
    return true;
}

/* As the kernel's %u prints it: no sign, no leading zero. */
static bool parse_number(struct bytes text, uint32_t *ret_number)
{
    uint64_t number = 0;
    if (text.length == 0 || text.length > 10 || text.data[0] == '0')
        return false;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (text.data[i] - '0');
    }
    *ret_number = (uint32_t)number;
    return number <= UINT32_MAX;
}

static bool parse_type(struct bytes text, enum prefix_type *ret_type)
{
    if (bytes_equal(text, BYTES("rule")))
        *ret_type = PREFIX_RULE;
    else if (bytes_equal(text, BYTES("policy")))
        *ret_type = PREFIX_POLICY;
    else if (bytes_equal(text, BYTES("return")))
        *ret_type = PREFIX_RETURN;
    else
        return false;
    return true;
}

bool prefix_parse(struct bytes text, struct prefix *ret_prefix)
{
    const size_t head = sizeof PREFIX_HEAD - 1;
    struct prefix prefix;
    struct bytes number, type;
    if (text.length <= head || memcmp(text.data, PREFIX_HEAD, head) != 0 || text.data[text.length - 1] != ' ')
        return false;
    text = (struct bytes){text.data + head, text.length - head - 1};
    if (!cut_last(&text, &number) || !parse_number(number, &prefix.number) || !cut_last(&text, &type) ||
        !parse_type(type, &prefix.type))
        return false;

    const uint8_t *colon = text.length > 0 ? memchr(text.data, ':', text.length) : NULL;
    if (!colon)
        return false;
    prefix.table = (struct bytes){text.data, (size_t)(colon - text.data)};
    prefix.chain = (struct bytes){colon + 1, text.length - prefix.table.length - 1};
    if (prefix.table.length == 0 || prefix.chain.length == 0)
        return false;
    *ret_prefix = prefix;
    return true;
}
