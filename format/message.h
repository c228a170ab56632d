/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A TRACE message as the kernel sent it: the attributes of one NFULNL_MSG_PACKET, each as its raw bytes. */
#ifndef IPTRACE_FORMAT_MESSAGE_H
#define IPTRACE_FORMAT_MESSAGE_H

#include "format/family.h"
#include "format/wire.h"

#define MESSAGE_ATTRIBUTES_MAX 32 /* enum nfulnl_attr_type in linux/netfilter/nfnetlink_log.h ends at 21 */

/* Attribute types, and how their bytes read: linux/netfilter/nfnetlink_log.h. All numbers in them are big
 * endian except those inside NFULA_CT. Redefined here because the plugin is also built where that header is
 * not available. */
enum message_attribute {
    MESSAGE_PACKET_HEADER = 1, /* hw_protocol (2 bytes), hook (1), padding (1) */
    MESSAGE_MARK = 2,          /* 4 bytes; absent if the mark is 0 */
    MESSAGE_TIMESTAMP = 3,     /* seconds (8), microseconds (8) */
    MESSAGE_IN = 4,            /* interface index (4), likewise the next three */
    MESSAGE_OUT = 5,
    MESSAGE_PHYSIN = 6,
    MESSAGE_PHYSOUT = 7,
    MESSAGE_HWADDR = 8,      /* length (2), padding (2), address (8) */
    MESSAGE_PAYLOAD = 9,     /* the packet from its IP header, cut at the copy range */
    MESSAGE_PREFIX = 10,     /* "TRACE: table:chain:type:number " and a terminating zero */
    MESSAGE_UID = 11,        /* 4 bytes */
    MESSAGE_SEQ = 12,        /* 4 bytes: counts the messages of this group's socket */
    MESSAGE_SEQ_GLOBAL = 13, /* 4 bytes */
    MESSAGE_GID = 14,        /* 4 bytes */
    MESSAGE_HWTYPE = 15,     /* ARPHRD_ number (2) */
    MESSAGE_HWHEADER = 16,   /* link-layer header */
    MESSAGE_HWLEN = 17,      /* its length (2) */
    MESSAGE_CT = 18,         /* nested attributes of conntrack */
    MESSAGE_CT_INFO = 19,    /* enum ip_conntrack_info (4) */
    MESSAGE_VLAN = 20,       /* nested */
    MESSAGE_L2HDR = 21,
};

struct message {
    uint64_t received_us; /* when it was read, since the epoch; 0: not known */
    uint64_t number;      /* position in the stream as it was received, from 1 */
    uint8_t family;       /* nfgen_family, as the kernel sent it: ip_family_of_af() */
    uint32_t present;     /* bit n: attribute n is there */
    struct bytes attribute[MESSAGE_ATTRIBUTES_MAX];
};

static inline bool message_has(const struct message *message, unsigned type)
{
    return message->present >> type & 1;
}

/* Null or empty `bytes.data` is allowed: an attribute may be there and empty. */
static inline void message_set(struct message *message, unsigned type, struct bytes bytes)
{
    message->present |= 1u << type;
    message->attribute[type] = bytes;
}

static inline void message_unset(struct message *message, unsigned type)
{
    message->present &= ~(1u << type);
    message->attribute[type] = (struct bytes){0};
}

/* A big-endian number of 1, 2, 4 or 8 bytes at `offset` of an attribute; false if the message does not have
 * it or it is too short. */
bool message_get_uint(const struct message *message, unsigned type, size_t offset, size_t size,
                      uint64_t *ret_value);

/* The time in microseconds since the epoch; false if the message has none or it is malformed. */
bool message_get_time_us(const struct message *message, uint64_t *ret_time_us);

/* The prefix without its terminating zero; empty if there is none. */
struct bytes message_get_prefix(const struct message *message);

#endif
