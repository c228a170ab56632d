/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which ICMP error answers which packet. */
#include "plugin/icmp_error.h"
#include "format/hash.h"

#include <epan/ipproto.h>
#include <string.h>

#include "format/hash.h"
#include "plugin/rows.h"

/* Packets for which no error has been seen yet, and errors whose packet has not: either row may come first,
 * since a packet that vanished is written only once that is known. They follow each other within seconds, so
 * it is enough to keep the last of each, and a flood takes no more memory. */
#define BUCKETS       4096
#define WAYS          4
#define ANSWER_NS_MAX 60000000000 /* the longest that a kernel waits before it answers: IPv6 reassembly */

struct waiting {
    uint64_t key;
    uint64_t time_ns;
    uint32_t row; /* 0: nobody */
};

static struct waiting refused[BUCKETS][WAYS], errors[BUCKETS][WAYS];
static wmem_map_t *errors_of, *packets_of; /* row of the packet to row of its error, and back */
static uint64_t row_keys[5];               /* what the last new row has noted */
static unsigned row_key_count;

/* What stays the same from a packet to its copy in an error: no TTL, no checksum; the destination, unless a
 * translation of it was the last that was seen of the packet. */
static uint64_t key_of(const struct packet *packet, bool with_destination)
{
    uint64_t id = packet->version == FAMILY_IPV4 ? packet->id : 0;
    uint64_t hash = hash_number(HASH_BEGIN, id << 16 | (uint64_t)packet->protocol << 8 | with_destination);
    hash = hash_bytes(hash, packet->src);
    if (with_destination)
        hash = hash_bytes(hash, packet->dst);
    if (packet->has_ports)
        hash = hash_number(hash, packet->srcport);
    if (packet->has_ports && with_destination)
        hash = hash_number(hash, packet->dstport);
    /* TCP's sequence number, or identifier and number of an echo: an error may carry no more than 8 bytes. */
    if (packet->has_transport && packet->transport.length >= 8 &&
        (packet->protocol == IP_PROTO_TCP || !packet->has_ports))
        hash = hash_bytes(hash, (struct bytes){packet->transport.data + 4, 4});
    return hash;
}

/* The packet that an ICMP error carries; version 0 where it is no error. */
static struct packet answered_by(const struct packet *packet)
{
    struct packet answered = {0};
    unsigned type = packet->icmp_type;
    bool error = packet->protocol == IP_PROTO_ICMP     ? type == 3 || type == 4 || type == 11 || type == 12
                 : packet->protocol == IP_PROTO_ICMPV6 ? type >= 1 && type <= 4
                                                       : false;
    if (packet->has_icmp && error)
        packet_parse(packet->payload, &answered);
    return answered;
}

/* The packet as its last message showed it: an error of this host's carries it as it was then. */
static struct packet last_seen(const struct packet_path *path, struct packet packet)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const struct change *change = &path->steps[i].step.change;
        packet.src = change->src.length > 0 ? change->src : packet.src;
        packet.dst = change->dst.length > 0 ? change->dst : packet.dst;
        packet.srcport = change->has_srcport ? change->srcport : packet.srcport;
        packet.dstport = change->has_dstport ? change->dstport : packet.dstport;
    }
    return packet;
}

/* A DROP is silent, and what was accepted is not ours to explain. */
static bool may_be_answered(const struct packet_path *path)
{
    return path->path.verdict != VERDICT_ACCEPT && path->path.verdict != VERDICT_DROP;
}

/* May wrap around in a damaged file. */
static uint64_t time_of(const packet_info *pinfo)
{
    return (uint64_t)pinfo->abs_ts.secs * 1000000000 + (uint64_t)pinfo->abs_ts.nsecs;
}

static void wait_in(struct waiting table[][WAYS], const packet_info *pinfo, uint64_t key)
{
    struct waiting *ways = table[key % BUCKETS], *oldest = ways;
    for (unsigned i = 1; i < WAYS; i++)
        if (ways[i].row < oldest->row)
            oldest = &ways[i];
    *oldest = (struct waiting){key, time_of(pinfo), pinfo->num};
    if (row_key_count < array_length(row_keys))
        row_keys[row_key_count++] = key;
}

static bool has_partner(wmem_map_t *partners, uint32_t row)
{
    return wmem_map_contains(partners, GUINT_TO_POINTER(row));
}

/* Of packets alike, an error answers the last one before it that has none yet; so a packet is answered by the
 * first after it. Returns its row; 0 where there is none. */
static uint32_t partner_of(struct waiting table[][WAYS], wmem_map_t *partners, const packet_info *pinfo,
                           uint64_t key, bool before)
{
    const struct waiting *ways = table[key % BUCKETS];
    int64_t nearest = ANSWER_NS_MAX;
    uint32_t row = 0;
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t now = time_of(pinfo), then = ways[i].time_ns;
        int64_t apart = (int64_t)(before ? now - then : then - now);
        if (ways[i].row == 0 || ways[i].key != key || apart < 0 || apart > nearest ||
            has_partner(partners, ways[i].row))
            continue;
        if (row == 0 || apart < nearest || before == (ways[i].row > row))
            row = ways[i].row;
        nearest = apart;
    }
    return row;
}

static void join(uint32_t packet, uint32_t error)
{
    wmem_map_insert(errors_of, GUINT_TO_POINTER(packet), GUINT_TO_POINTER(error));
    wmem_map_insert(packets_of, GUINT_TO_POINTER(error), GUINT_TO_POINTER(packet));
}

static void note_refused(const packet_info *pinfo, uint64_t key)
{
    uint32_t error =
        has_partner(errors_of, pinfo->num) ? 0 : partner_of(errors, packets_of, pinfo, key, false);
    if (error > 0)
        join(pinfo->num, error);
    wait_in(refused, pinfo, key);
}

static void note_error(const packet_info *pinfo, uint64_t key)
{
    uint32_t row = has_partner(packets_of, pinfo->num) ? 0 : partner_of(refused, errors_of, pinfo, key, true);
    if (row > 0)
        join(row, pinfo->num);
    wait_in(errors, pinfo, key);
}

void icmp_error_note(packet_info *pinfo, const struct packet_path *path, const struct packet *packet)
{
    if (pinfo->fd->visited)
        return;
    row_key_count = 0;
    struct packet answered = answered_by(packet);
    if (answered.version != 0) {
        note_error(pinfo, key_of(&answered, true));
        note_error(pinfo, key_of(&answered, false));
    }
    if (packet->version == 0 || !may_be_answered(path))
        return;
    struct packet last = last_seen(path, *packet);
    note_refused(pinfo, key_of(&last, true));
    if (key_of(packet, true) != key_of(&last, true))
        note_refused(pinfo, key_of(packet, true));
    if (path->path.reason == REASON_NAT)
        note_refused(pinfo, key_of(packet, false));
}

static void leave(struct waiting table[][WAYS], uint64_t key, uint32_t row)
{
    for (unsigned i = 0; i < WAYS; i++)
        if (table[key % BUCKETS][i].row == row)
            table[key % BUCKETS][i] = (struct waiting){0};
}

static void part(wmem_map_t *partners, wmem_map_t *back, uint32_t row)
{
    void *partner = wmem_map_remove(partners, GUINT_TO_POINTER(row));
    if (partner)
        wmem_map_remove(back, partner);
}

static void forget(uint32_t row)
{
    for (unsigned i = 0; i < row_key_count; i++) {
        leave(refused, row_keys[i], row);
        leave(errors, row_keys[i], row);
    }
    part(errors_of, packets_of, row);
    part(packets_of, errors_of, row);
}

uint32_t icmp_error_answering(const packet_info *pinfo)
{
    return rows_target(pinfo, GPOINTER_TO_UINT(wmem_map_lookup(errors_of, GUINT_TO_POINTER(pinfo->num))));
}

uint32_t icmp_error_answered(const packet_info *pinfo)
{
    return rows_target(pinfo, GPOINTER_TO_UINT(wmem_map_lookup(packets_of, GUINT_TO_POINTER(pinfo->num))));
}

static void begin_file(void)
{
    memset(refused, 0, sizeof refused);
    memset(errors, 0, sizeof errors);
    row_key_count = 0;
}

void icmp_error_register(void)
{
    errors_of = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    packets_of = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_direct_hash, g_direct_equal);
    rows_register_forget(forget);
    register_init_routine(begin_file);
}
