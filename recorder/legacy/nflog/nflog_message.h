/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads the messages of nfnetlink_log: a netlink datagram, or a record of link type NFLOG. Pure.
 *
 * Source of the facts: linux/netlink.h, linux/netfilter/nfnetlink.h, linux/netfilter/nfnetlink_log.h;
 * tcpdump.org/linktypes/LINKTYPE_NFLOG.html. A datagram is a run of messages, each aligned to 4 bytes:
 *
 *      0               1               2               3
 *     +---------------+---------------+---------------+---------------+
 *     |                  length, with this header                     |   struct nlmsghdr,
 *     +---------------+---------------+---------------+---------------+   in the host's byte order
 *     |             type              |             flags             |
 *     +---------------+---------------+---------------+---------------+
 *     |                           sequence                            |
 *     +---------------+---------------+---------------+---------------+
 *     |                            port id                            |
 *     +===============+===============+===============+===============+
 *     |    family     |    version    |      group, big endian        |   struct nfgenmsg: here the
 *     +---------------+---------------+---------------+---------------+   record of a file begins
 *     |      attribute's length       |       attribute's type        |   in the host's byte order;
 *     +---------------+---------------+---------------+---------------+   length counts these 4 bytes
 *     |             value, padded to a multiple of 4                  |
 */
#ifndef IPTRACE_LEGACY_NFLOG_NFLOG_MESSAGE_H
#define IPTRACE_LEGACY_NFLOG_NFLOG_MESSAGE_H

#include "format/message.h"

enum nflog_datagram_status {
    NFLOG_DATAGRAM_MESSAGE, /* `ret_body` is one NFULNL_MSG_PACKET from its nfgenmsg on */
    NFLOG_DATAGRAM_OTHER,   /* another kind of message: to be skipped */
    NFLOG_DATAGRAM_END,
    NFLOG_DATAGRAM_BAD, /* inconsistent lengths: nothing more can be read from this datagram */
};

/* Takes the next message off the front of `datagram`. */
enum nflog_datagram_status nflog_datagram_next(struct bytes *datagram, struct bytes *ret_body);

/* Reads family and attributes; `message->number` is set to 0. `swapped`: lengths and types are not in this
 * machine's byte order. Attributes of types that `struct message` has no place for are counted in
 * `ret_unknown` (may be null). False on damage; `ret_message` then holds what came before it and, of a
 * truncated payload, what is there: a file's record may have been cut on purpose. */
bool nflog_message_parse(struct bytes body, bool swapped, struct message *ret_message, unsigned *ret_unknown);

#endif
