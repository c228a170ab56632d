/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The headers of an IP packet, and the key by which its messages are matched. */
#include "format/packet.h"

#include "format/hash.h"

#include <netinet/in.h>
#include <string.h>

#define KEY_PAYLOAD_MAX                                                                                      \
    64 /* bytes of payload in the key: TCPMSS may change how much of the rest is captured */
#define EXTENSION_HEADERS_MAX 8

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static struct bytes tail(struct bytes bytes, size_t from)
{
    if (from >= bytes.length)
        return (struct bytes){0};
    return (struct bytes){bytes.data + from, bytes.length - from};
}

static void parse_tcp(struct packet *packet)
{
    const uint8_t *at = packet->transport.data;
    packet->has_ports = packet->transport.length >= 4;
    if (packet->has_ports) {
        packet->srcport = get16(at);
        packet->dstport = get16(at + 2);
    }
    if (packet->transport.length < 20)
        return;
    packet->tcp_seq = get32(at + 4);
    packet->tcp_ack = get32(at + 8);
    packet->tcp_flags = at[13];
    packet->tcp_window = get16(at + 14);
    packet->payload = tail(packet->transport, (size_t)(at[12] >> 4) * 4);
}

/* UDP, UDP-Lite, DCCP and SCTP begin with their ports. */
static void parse_ports(struct packet *packet, size_t header)
{
    packet->has_ports = packet->transport.length >= 4;
    if (packet->has_ports) {
        packet->srcport = get16(packet->transport.data);
        packet->dstport = get16(packet->transport.data + 2);
    }
    packet->payload = tail(packet->transport, header);
}

static bool icmp_is_error(enum ip_family version, uint8_t type)
{
    if (version == FAMILY_IPV6)
        return type < 128;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void parse_icmp(struct packet *packet)
{
    const uint8_t *at = packet->transport.data;
    if (packet->transport.length < 2)
        return;
    packet->has_icmp = true;
    packet->icmp_type = at[0];
    packet->icmp_code = at[1];
    packet->icmp_is_error = icmp_is_error(packet->version, at[0]);
    if (packet->transport.length >= 8) {
        packet->icmp_id = get16(at + 4);
        packet->icmp_seq = get16(at + 6);
        packet->payload = tail(packet->transport, 8);
    }
}

static void parse_transport(struct packet *packet)
{
    packet->has_transport = packet->fragment == 0 && packet->transport.length > 0;
    if (!packet->has_transport) {
        packet->payload = packet->transport;
        return;
    }
    switch (packet->protocol) {
    case IPPROTO_TCP:
        parse_tcp(packet);
        break;
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
        parse_ports(packet, 8);
        break;
    case IPPROTO_DCCP:
    case IPPROTO_SCTP:
        parse_ports(packet, 12);
        break;
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        parse_icmp(packet);
        break;
    default:
        packet->payload = packet->transport;
    }
}

static void parse_ipv4(struct bytes bytes, struct packet *packet)
{
    const uint8_t *at = bytes.data;
    size_t header = (size_t)(at[0] & 15) * 4;
    if (bytes.length < 20 || header < 20)
        return;
    packet->version = FAMILY_IPV4;
    packet->tos = at[1];
    packet->length = get16(at + 2);
    packet->id = get16(at + 4);
    packet->dont_fragment = at[6] & 0x40;
    packet->more_fragments = at[6] & 0x20;
    packet->fragment = get16(at + 6) & 0x1fff;
    packet->ttl = at[8];
    packet->protocol = at[9];
    packet->src = (struct bytes){at + 12, 4};
    packet->dst = (struct bytes){at + 16, 4};
    packet->transport = tail(bytes, header);
    parse_transport(packet);
}

static bool is_extension(uint8_t protocol)
{
    return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING || protocol == IPPROTO_FRAGMENT ||
           protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_AH || protocol == IPPROTO_MH;
}

static void parse_ipv6(struct bytes bytes, struct packet *packet)
{
    const uint8_t *at = bytes.data;
    if (bytes.length < 40)
        return;
    packet->version = FAMILY_IPV6;
    packet->tos = (uint8_t)(get16(at) >> 4);
    packet->flow_label = get32(at) & 0xfffff;
    packet->length = get16(at + 4) ? get16(at + 4) + 40u : 0;
    packet->ttl = at[7];
    packet->src = (struct bytes){at + 8, 16};
    packet->dst = (struct bytes){at + 24, 16};
    packet->protocol = at[6];
    struct bytes rest = tail(bytes, 40);
    for (int i = 0; i < EXTENSION_HEADERS_MAX && is_extension(packet->protocol) && rest.length >= 8; i++) {
        const uint8_t *header = rest.data;
        size_t length = (size_t)(header[1] + 1) * 8;
        if (packet->protocol == IPPROTO_FRAGMENT) {
            packet->fragment = get16(header + 2) >> 3;
            packet->more_fragments = header[3] & 1;
            packet->id = get32(header + 4);
            length = 8;
        } else if (packet->protocol == IPPROTO_AH) {
            length = (size_t)(header[1] + 2) * 4;
        }
        packet->protocol = header[0];
        rest = tail(rest, length);
        if (packet->fragment != 0)
            break;
    }
    packet->transport = rest;
    parse_transport(packet);
}

enum ip_family packet_family(struct bytes bytes)
{
    unsigned version = bytes.length > 0 ? bytes.data[0] >> 4 : 0;
    return version == FAMILY_IPV4 || version == FAMILY_IPV6 ? (enum ip_family)version : FAMILY_NONE;
}

void packet_parse(struct bytes bytes, struct packet *ret_packet)
{
    *ret_packet = (struct packet){0};
    switch (packet_family(bytes)) {
    case FAMILY_IPV4:
        parse_ipv4(bytes, ret_packet);
        break;
    case FAMILY_IPV6:
        parse_ipv6(bytes, ret_packet);
        break;
    case FAMILY_NONE:
        break;
    }
}

#define IGMPV3_REPORT 0x22
#define MLDV2_REPORT  143

bool packet_is_membership_report(const struct packet *packet)
{
    if (packet->version == FAMILY_IPV4)
        return packet->protocol == IPPROTO_IGMP && packet->has_transport &&
               packet->transport.data[0] == IGMPV3_REPORT;
    return packet->protocol == IPPROTO_ICMPV6 && packet->has_icmp && packet->icmp_type == MLDV2_REPORT;
}

uint64_t packet_key(const struct packet *packet)
{
    uint64_t hash = hash_number(HASH_BEGIN, (uint64_t)packet->version << 8 | packet->protocol);
    hash = hash_bytes(hash, packet->src);
    hash = hash_number(hash, (uint64_t)packet->id << 32 | packet->fragment);
    if (packet->has_ports)
        hash = hash_number(hash, packet->srcport);
    if (packet->has_transport && packet->protocol == IPPROTO_TCP)
        hash = hash_number(hash, (uint64_t)packet->tcp_seq << 32 | packet->tcp_ack);
    if (packet->has_icmp) {
        hash = hash_number(hash, packet->icmp_type);
        if (packet->icmp_is_error)
            return hash_number(hash, (uint64_t)packet->icmp_code << 32 | packet->length);
        hash = hash_number(hash, packet->icmp_seq);
    }
    return hash_bytes(hash, bytes_cut(packet->payload, KEY_PAYLOAD_MAX));
}
