/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What changed in the packet along its path, and which rule changed it. */
#include "plugin/changes.h"

#include <string.h>

#include "format/family.h"
#include "format/targets.h"
#include "plugin/packet_text.h"
#include "plugin/text.h"

struct walk {
    wmem_allocator_t *pool;
    wmem_array_t *changes;
    uint32_t index;
    const struct step *before, *after;
    struct packet packet; /* as the message before showed it */
};

static uint32_t mark_of(const struct step *step)
{
    return step->context.has_mark ? step->context.mark : 0; /* the kernel leaves out a mark of 0 */
}

static bool same_hook(const struct walk *walk)
{
    return walk->before->context.hook == walk->after->context.hook;
}

/* True where the target of the step before ran between the two messages and may have changed something. */
static bool by_target(const struct walk *walk, unsigned changes)
{
    const struct step *before = walk->before;
    bool jumped = bytes_equal(before->table, walk->after->table) &&
                  bytes_equal(before->target, walk->after->chain) && same_hook(walk);
    return before->type == STEP_RULE && !jumped && (target_find(before->target)->effect & changes);
}

static const char *cause_rule(const struct walk *walk)
{
    return wmem_strdup_printf(walk->pool, "by %s %s", text_step_short(walk->pool, walk->before),
                              text_line(walk->pool, walk->before->target));
}

static const char *cause_between(const struct walk *walk)
{
    return wmem_strdup_printf(walk->pool, "between %s and %s", text_step_short(walk->pool, walk->before),
                              text_step_short(walk->pool, walk->after));
}

static const char *cause_of(const struct walk *walk, enum change_kind kind)
{
    static const unsigned effects[] = {
        [CHANGE_SOURCE] = TARGET_TRANSLATES, [CHANGE_DESTINATION] = TARGET_TRANSLATES,
        [CHANGE_MARK] = TARGET_MARKS,        [CHANGE_TTL] = TARGET_ALTERS,
        [CHANGE_TOS] = TARGET_ALTERS,        [CHANGE_LENGTH] = TARGET_ALTERS,
    };
    bool rule = by_target(walk, effects[kind] | TARGET_UNKNOWN);
    if (kind == CHANGE_TTL && !same_hook(walk))
        return rule ? wmem_strdup_printf(walk->pool, "%s, and by forwarding", cause_rule(walk))
                    : "by forwarding";
    if (rule)
        return cause_rule(walk);
    if (kind == CHANGE_SOURCE || kind == CHANGE_DESTINATION)
        return wmem_strdup_printf(walk->pool, "by NAT of the connection (%s)", cause_between(walk));
    return cause_between(walk);
}

static void add(struct walk *walk, enum change_kind kind, const char *what)
{
    struct packet_change change = {.kind = kind,
                                   .step = walk->index,
                                   .what = what,
                                   .cause = cause_of(walk, kind),
                                   .mark = mark_of(walk->after)};
    wmem_array_append_one(walk->changes, change);
}

static const char *address_change(const struct walk *walk, const char *name, struct bytes old,
                                  uint16_t old_port, struct bytes new, uint16_t new_port)
{
    const char *to = packet_text_endpoint(walk->pool, new, walk->packet.has_ports, new_port);
    if (walk->packet.version == 0)
        return wmem_strdup_printf(walk->pool, "%s → %s", name, to);
    return wmem_strdup_printf(walk->pool, "%s%s → %s", strcmp(name, "destination") == 0 ? "" : "source ",
                              packet_text_endpoint(walk->pool, old, walk->packet.has_ports, old_port), to);
}

/* Address and port together, as a translation changes them together. */
static void compare_addresses(struct walk *walk)
{
    const struct change *change = &walk->after->change;
    struct packet *packet = &walk->packet;
    bool dst = change->dst.length > 0, src = change->src.length > 0;
    if (change->has_dstport || change->has_srcport)
        packet->has_ports = true;
    if (dst || change->has_dstport) {
        struct bytes address = dst ? change->dst : packet->dst;
        uint16_t port = change->has_dstport ? change->dstport : packet->dstport;
        if (address.length > 0)
            add(walk, CHANGE_DESTINATION,
                address_change(walk, "destination", packet->dst, packet->dstport, address, port));
        packet->dst = address;
        packet->dstport = port;
    }
    if (src || change->has_srcport) {
        struct bytes address = src ? change->src : packet->src;
        uint16_t port = change->has_srcport ? change->srcport : packet->srcport;
        if (address.length > 0)
            add(walk, CHANGE_SOURCE,
                address_change(walk, "source", packet->src, packet->srcport, address, port));
        packet->src = address;
        packet->srcport = port;
    }
}

static void compare_rest(struct walk *walk)
{
    const struct change *change = &walk->after->change;
    struct packet *packet = &walk->packet;
    wmem_allocator_t *pool = walk->pool;
    uint32_t old = mark_of(walk->before), new = mark_of(walk->after);
    if (old != new)
        add(walk, CHANGE_MARK, wmem_strdup_printf(pool, "mark 0x%x → 0x%x", old, new));
    const char *ttl = packet->version == FAMILY_IPV6 ? "hop limit" : "TTL";
    if (change->has_ttl)
        add(walk, CHANGE_TTL, wmem_strdup_printf(pool, "%s %u → %u", ttl, packet->ttl, change->ttl));
    if (change->has_tos)
        add(walk, CHANGE_TOS, wmem_strdup_printf(pool, "TOS 0x%02x → 0x%02x", packet->tos, change->tos));
    if (change->has_length)
        add(walk, CHANGE_LENGTH, wmem_strdup_printf(pool, "length %u → %u", packet->length, change->length));
    packet->ttl = change->has_ttl ? change->ttl : packet->ttl;
    packet->tos = change->has_tos ? change->tos : packet->tos;
    packet->length = change->has_length ? change->length : packet->length;
}

wmem_array_t *changes_of(wmem_allocator_t *pool, const struct packet_path *path, const struct packet *packet)
{
    struct walk walk = {
        .pool = pool,
        .changes = wmem_array_new(pool, sizeof(struct packet_change)),
        .packet = *packet,
    };
    for (walk.index = 1; walk.index < path->count; walk.index++) {
        walk.before = &path->steps[walk.index - 1].step;
        walk.after = &path->steps[walk.index].step;
        compare_addresses(&walk);
        compare_rest(&walk);
    }
    return walk.changes;
}
