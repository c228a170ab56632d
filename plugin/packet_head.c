/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an IP packet says of itself in its first bytes. */
#include "plugin/packet_head.h"

#include <epan/ipproto.h>
#include <epan/to_str.h>

enum {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_DCCP = 33,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_SCTP = 132,
    PROTOCOL_UDPLITE = 136,
};

#define EXTENSION_HEADERS_MAX 8

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static bool protocol_has_ports(unsigned protocol)
{
    return protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_DCCP ||
           protocol == PROTOCOL_SCTP || protocol == PROTOCOL_UDPLITE;
}

static struct bytes bytes_from(struct bytes bytes, size_t offset)
{
    return offset < bytes.length ? (struct bytes){bytes.data + offset, bytes.length - offset}
                                 : (struct bytes){0};
}

static void read_ipv4(struct bytes packet, struct packet_head *head)
{
    const uint8_t *at = packet.data;
    size_t header = (size_t)(at[0] & 0xf) * 4;
    head->version = 4;
    head->src = (struct bytes){at + 12, 4};
    head->dst = (struct bytes){at + 16, 4};
    head->protocol = at[9];
    head->ttl = at[8];
    head->tos = at[1];
    head->length = get16(at + 2);
    head->id = get16(at + 4);
    head->fragment = (get16(at + 6) & 0x1fff) != 0;
    if (header >= 20 && !head->fragment)
        head->transport = bytes_from(packet, header);
}

/* Goes over the extension headers to the transport protocol. */
static void skip_extensions(struct bytes rest, struct packet_head *head)
{
    for (unsigned i = 0; i < EXTENSION_HEADERS_MAX; i++) {
        size_t length;
        switch (head->protocol) {
        case PROTOCOL_HOP_BY_HOP:
        case PROTOCOL_ROUTING:
        case PROTOCOL_DESTINATION:
            length = rest.length >= 8 ? ((size_t)rest.data[1] + 1) * 8 : SIZE_MAX;
            break;
        case PROTOCOL_FRAGMENT:
            length = rest.length >= 8 ? 8 : SIZE_MAX;
            head->fragment = rest.length >= 8 && (get16(rest.data + 2) & 0xfff8) != 0;
            break;
        default:
            if (!head->fragment)
                head->transport = rest;
            return;
        }
        if (length >= rest.length)
            return;
        head->protocol = rest.data[0];
        rest = bytes_from(rest, length);
    }
}

static void read_ipv6(struct bytes packet, struct packet_head *head)
{
    const uint8_t *at = packet.data;
    head->version = 6;
    head->src = (struct bytes){at + 8, 16};
    head->dst = (struct bytes){at + 24, 16};
    head->protocol = at[6];
    head->ttl = at[7];
    head->tos = (uint8_t)(get16(at) >> 4);
    head->length = get16(at + 4) + 40;
    skip_extensions(bytes_from(packet, 40), head);
}

struct packet_head packet_head_of(struct bytes packet)
{
    struct packet_head head = {0};
    unsigned version = packet.length > 0 ? packet.data[0] >> 4 : 0;
    if (version == 4 && packet.length >= 20)
        read_ipv4(packet, &head);
    else if (version == 6 && packet.length >= 40)
        read_ipv6(packet, &head);
    if (protocol_has_ports(head.protocol) && head.transport.length >= 4) {
        head.has_ports = true;
        head.srcport = (uint16_t)get16(head.transport.data);
        head.dstport = (uint16_t)get16(head.transport.data + 2);
    }
    return head;
}

const char *packet_head_endpoint(wmem_allocator_t *pool, struct bytes bytes, bool has_port, uint16_t port)
{
    bool ipv6 = bytes.length == 16;
    address address;
    set_address(&address, ipv6 ? AT_IPv6 : AT_IPv4, (int)bytes.length, bytes.data);
    const char *text = address_to_str(pool, &address);
    if (!has_port)
        return text;
    return wmem_strdup_printf(pool, ipv6 ? "[%s]:%u" : "%s:%u", text, port);
}

const char *packet_head_line(wmem_allocator_t *pool, const struct packet_head *head)
{
    if (head->version == 0)
        return "not an IP packet, or cut short";
    return wmem_strdup_printf(pool, "%s → %s %s",
                              packet_head_endpoint(pool, head->src, head->has_ports, head->srcport),
                              packet_head_endpoint(pool, head->dst, head->has_ports, head->dstport),
                              ipprotostr((int)head->protocol));
}
