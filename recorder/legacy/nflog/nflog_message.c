/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads the messages of nfnetlink_log. */
#include "recorder/legacy/nflog/nflog_message.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <string.h>

#define NETLINK_HEADER_LENGTH   16
#define NFGEN_HEADER_LENGTH     4
#define ATTRIBUTE_HEADER_LENGTH 4
#define PACKET_TYPE             (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)

static size_t aligned(size_t length)
{
    return (length + 3) & ~(size_t)3;
}

static uint16_t load16(const uint8_t *at, bool swapped)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return swapped ? __builtin_bswap16(value) : value;
}

static uint32_t load32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static struct bytes skip(struct bytes bytes, size_t length)
{
    if (length > bytes.length)
        length = bytes.length;
    return (struct bytes){length > 0 ? bytes.data + length : bytes.data, bytes.length - length};
}

enum nflog_datagram_status nflog_datagram_next(struct bytes *datagram, struct bytes *ret_body)
{
    if (datagram->length == 0)
        return NFLOG_DATAGRAM_END;
    if (datagram->length < NETLINK_HEADER_LENGTH)
        return NFLOG_DATAGRAM_BAD;
    uint32_t length = load32(datagram->data);
    uint16_t type = load16(datagram->data + 4, false);
    if (length < NETLINK_HEADER_LENGTH || length > datagram->length)
        return NFLOG_DATAGRAM_BAD;
    *ret_body = (struct bytes){datagram->data + NETLINK_HEADER_LENGTH, length - NETLINK_HEADER_LENGTH};
    *datagram = skip(*datagram, aligned(length));
    return type == PACKET_TYPE ? NFLOG_DATAGRAM_MESSAGE : NFLOG_DATAGRAM_OTHER;
}

static bool parse_attributes(struct bytes rest, bool swapped, struct message *message, unsigned *unknown)
{
    while (rest.length >= ATTRIBUTE_HEADER_LENGTH) {
        size_t length = load16(rest.data, swapped);
        unsigned type = load16(rest.data + 2, swapped) & NLA_TYPE_MASK;
        bool fits = length <= rest.length;
        if (length < ATTRIBUTE_HEADER_LENGTH || (!fits && type != MESSAGE_PAYLOAD))
            return false;
        struct bytes value = {rest.data + ATTRIBUTE_HEADER_LENGTH,
                              (fits ? length : rest.length) - ATTRIBUTE_HEADER_LENGTH};
        if (type > 0 && type < MESSAGE_ATTRIBUTES_MAX)
            message_set(message, type, value);
        else
            ++*unknown;
        if (!fits)
            return false;
        rest = skip(rest, aligned(length));
    }
    return true;
}

bool nflog_message_parse(struct bytes body, bool swapped, struct message *ret_message, unsigned *ret_unknown)
{
    unsigned unknown = 0;
    *ret_message = (struct message){0};
    if (body.length < NFGEN_HEADER_LENGTH)
        return false;
    ret_message->family = body.data[0];
    bool sound = parse_attributes(skip(body, NFGEN_HEADER_LENGTH), swapped, ret_message, &unknown);
    if (ret_unknown)
        *ret_unknown = unknown;
    return sound;
}
