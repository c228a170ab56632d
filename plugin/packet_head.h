/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IP packet says of itself in its first bytes, as far as they are there. */
#ifndef IPTRACE_PLUGIN_PACKET_HEAD_H
#define IPTRACE_PLUGIN_PACKET_HEAD_H

#include "plugin/compat.h"

#include "format/wire.h"

struct packet_head {
    unsigned version;      /* 4 or 6; 0: not an IP packet, and nothing below is set */
    struct bytes src, dst; /* point into the packet */
    unsigned protocol;
    uint8_t ttl, tos; /* IPv6: hop limit, traffic class */
    uint32_t length;  /* of the whole packet, by its header */
    uint32_t id;      /* IPv4 identification; 0 in IPv6 */
    bool fragment;    /* not the first one: no header of a transport protocol follows */
    bool has_ports;
    uint16_t srcport, dstport;
    struct bytes transport; /* what follows the IP header; empty in a fragment that is not the first */
};

struct packet_head packet_head_of(struct bytes packet);

/* `10.0.0.1:80`, `[fd00::1]:80`, without a port where there is none. */
const char *packet_head_endpoint(wmem_allocator_t *pool, struct bytes address, bool has_port, uint16_t port);

/* `10.0.0.1:1025 → 10.0.0.2:23 TCP`. */
const char *packet_head_line(wmem_allocator_t *pool, const struct packet_head *head);

#endif
