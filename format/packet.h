/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The headers of an IP packet, as far as they were captured, and the key by which its messages are
 * matched. */
#ifndef IPTRACE_FORMAT_PACKET_H
#define IPTRACE_FORMAT_PACKET_H

#include "format/family.h"
#include "format/wire.h"

/* All numbers are in host byte order. What was not captured, or has no meaning for the protocol, is 0 or
 * empty, with its `has_` false. Pointers point into the packet. */
struct packet {
    enum ip_family version; /* FAMILY_NONE: not an IP packet, or its header was cut */
    struct bytes src;       /* 4 or 16 bytes */
    struct bytes dst;       /* likewise */
    uint8_t tos, ttl;       /* IPv6: traffic class, hop limit */
    uint32_t length;        /* of the whole packet, according to its header; 0 for a jumbogram */
    uint32_t id;            /* IPv4 identification; IPv6: of the fragment header; else 0 */
    uint32_t flow_label;    /* IPv6 */
    uint16_t fragment;      /* offset in 8-byte units */
    bool dont_fragment, more_fragments;
    uint8_t protocol;   /* the transport's, after any IPv6 extension headers */
    bool has_transport; /* the transport header begins in this packet and is captured */
    struct bytes transport;
    bool has_ports;
    uint16_t srcport, dstport;
    uint32_t tcp_seq, tcp_ack;
    uint16_t tcp_window;
    uint8_t tcp_flags; /* FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128 */
    bool has_icmp;     /* ICMP or ICMPv6 */
    bool icmp_is_error;
    uint8_t icmp_type, icmp_code;
    uint16_t icmp_id, icmp_seq;
    struct bytes payload; /* of the transport, as far as captured */
};

/* The family according to the first byte alone, so that it is known even if the header was cut; FAMILY_NONE:
 * not an IP packet. */
enum ip_family packet_family(struct bytes bytes);

/* Never fails: what cannot be read stays unset. Source of the facts: RFC 791, 8200, 9293, 768, 792, 4443,
 * 4340, 9260, 3828. */
void packet_parse(struct bytes bytes, struct packet *ret_packet);

/* A multicast membership report of IGMPv3 (RFC 3376) or MLDv2 (RFC 9777). */
bool packet_is_membership_report(const struct packet *packet);

/* A hash over everything that stays the same while a packet crosses the tables: family, source, protocol, IP
 * id, fragment offset; TCP sequence, acknowledgement and payload; UDP payload; ICMP type, sequence and
 * payload, or for an error only its type, code and length (NAT rewrites the packet inside it). Destination,
 * TTL, TOS and mark change. */
uint64_t packet_key(const struct packet *packet);

#endif
