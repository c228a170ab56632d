/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* An IP packet's addresses and ports as text. */
#include "plugin/packet_text.h"

#include <epan/ipproto.h>
#include <epan/to_str.h>

const char *packet_text_endpoint(wmem_allocator_t *pool, struct bytes bytes, bool has_port, uint16_t port)
{
    bool ipv6 = bytes.length == 16;
    address address;
    set_address(&address, ipv6 ? AT_IPv6 : AT_IPv4, (int)bytes.length, bytes.data);
    const char *text = address_to_str(pool, &address);
    if (!has_port)
        return text;
    return wmem_strdup_printf(pool, ipv6 ? "[%s]:%u" : "%s:%u", text, port);
}

const char *packet_text_line(wmem_allocator_t *pool, struct bytes bytes)
{
    struct packet packet;
    packet_parse(bytes, &packet);
    if (packet.version == 0)
        return "not an IP packet, or truncated";
    return wmem_strdup_printf(pool, "%s → %s %s",
                              packet_text_endpoint(pool, packet.src, packet.has_ports, packet.srcport),
                              packet_text_endpoint(pool, packet.dst, packet.has_ports, packet.dstport),
                              ipprotostr(packet.protocol));
}
