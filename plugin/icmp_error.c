/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ICMP error answers which packet. */
#include "plugin/icmp_error.h"

#include "plugin/links.h"
#include "plugin/packet_head.h"

enum {
    PROTOCOL_ICMP = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_ICMPV6 = 58,
};

#define ICMP_HEADER 8 /* of an error, in both families: the packet it answers follows */

static uint64_t hash_bytes(uint64_t hash, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ data[i]) * 0x100000001b3u; /* FNV-1a */
    return hash;
}

/* What stays the same from a packet to its copy in an error: no TTL, no checksum. */
static uint64_t key_of(const struct packet_head *head)
{
    const uint8_t numbers[] = {(uint8_t)(head->id >> 8), (uint8_t)head->id, (uint8_t)head->protocol};
    uint64_t hash = hash_bytes(0xcbf29ce484222325u, numbers, sizeof numbers);
    hash = hash_bytes(hash, head->src.data, head->src.length);
    hash = hash_bytes(hash, head->dst.data, head->dst.length);
    if (head->has_ports) {
        const uint8_t ports[] = {(uint8_t)(head->srcport >> 8), (uint8_t)head->srcport,
                                 (uint8_t)(head->dstport >> 8), (uint8_t)head->dstport};
        hash = hash_bytes(hash, ports, sizeof ports);
    }
    if (head->transport.length >= 8 && head->protocol == PROTOCOL_TCP)
        hash = hash_bytes(hash, head->transport.data + 4, 4); /* sequence number */
    else if (head->transport.length >= 8 && !head->has_ports)
        hash = hash_bytes(hash, head->transport.data + 4, 4); /* identifier and number of an echo */
    return hash;
}

/* The packet that an ICMP error carries; version 0 where it is no error. */
static struct packet_head answered_by(struct bytes packet)
{
    struct packet_head head = packet_head_of(packet);
    if (head.version == 0 || head.transport.length <= ICMP_HEADER)
        return (struct packet_head){0};
    unsigned type = head.transport.data[0];
    bool error = head.protocol == PROTOCOL_ICMP     ? type == 3 || type == 4 || type == 11 || type == 12
                 : head.protocol == PROTOCOL_ICMPV6 ? type >= 1 && type <= 4
                                                    : false;
    if (!error)
        return (struct packet_head){0};
    return packet_head_of(
        (struct bytes){head.transport.data + ICMP_HEADER, head.transport.length - ICMP_HEADER});
}

/* The packet as its last message showed it: an error of this host's carries it as it was then. */
static struct packet_head last_head(const struct packet_path *path, struct packet_head head)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const struct change *change = &path->steps[i].step.change;
        head.src = change->src.length > 0 ? change->src : head.src;
        head.dst = change->dst.length > 0 ? change->dst : head.dst;
        head.srcport = change->has_srcport ? change->srcport : head.srcport;
        head.dstport = change->has_dstport ? change->dstport : head.dstport;
    }
    return head;
}

void icmp_error_note(packet_info *pinfo, const struct packet_path *path, struct bytes packet)
{
    struct packet_head answered = answered_by(packet);
    if (answered.version != 0)
        links_note(pinfo, LINK_ERROR, key_of(&answered));
    if (path->path.verdict == VERDICT_ACCEPT)
        return;
    struct packet_head head = packet_head_of(packet);
    if (head.version == 0)
        return;
    links_note(pinfo, LINK_REFUSED, key_of(&head));
    head = last_head(path, head);
    links_note(pinfo, LINK_REFUSED, key_of(&head));
}

uint32_t icmp_error_answering(packet_info *pinfo, const struct packet_path *path, struct bytes packet)
{
    struct packet_head head = packet_head_of(packet);
    if (head.version == 0 || path->path.verdict == VERDICT_ACCEPT)
        return 0;
    struct packet_head last = last_head(path, head);
    uint32_t frame = links_find(pinfo, LINK_ERROR, key_of(&last));
    return frame ? frame : links_find(pinfo, LINK_ERROR, key_of(&head));
}

uint32_t icmp_error_answered(packet_info *pinfo, struct bytes packet)
{
    struct packet_head answered = answered_by(packet);
    return answered.version != 0 ? links_find(pinfo, LINK_REFUSED, key_of(&answered)) : 0;
}
