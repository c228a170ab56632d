/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Bytes from a file, turned into text that Wireshark may show. */
#include "plugin/text.h"

#include <epan/charsets.h>

const char *text_value(wmem_allocator_t *pool, struct bytes bytes)
{
    if (bytes.length == 0)
        return "";
    return (const char *)get_utf_8_string(pool, bytes.data, (int)bytes.length);
}

static bool is_plain(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (bytes.data[i] < ' ' || bytes.data[i] >= 0x7f)
            return false;
    return true;
}

const char *text_line(wmem_allocator_t *pool, struct bytes bytes)
{
    if (is_plain(bytes))
        return wmem_strndup(pool, (const char *)bytes.data, bytes.length);
    return compat_format_text(pool, bytes.data, bytes.length);
}

proto_item *text_add(wmem_allocator_t *pool, proto_tree *tree, int field, tvbuff_t *tvb, int at, int length,
                     struct bytes bytes)
{
    const char *value = text_value(pool, bytes);
    if (is_plain(bytes))
        return proto_tree_add_string(tree, field, tvb, at, length, value);
    return proto_tree_add_string_format_value(tree, field, tvb, at, length, value, "%s",
                                              text_line(pool, bytes));
}

const char *text_name(wmem_allocator_t *pool, const char *name, unsigned number)
{
    return name ? name : wmem_strdup_printf(pool, "%u", number);
}

const char *text_verdict(wmem_allocator_t *pool, unsigned verdict)
{
    const char *name = verdict_name(verdict);
    return name ? name : wmem_strdup_printf(pool, "verdict number %u", verdict);
}

const char *text_step(wmem_allocator_t *pool, const struct step *step)
{
    char space[512], *buffer = space;
    size_t length = step_format(step, space, sizeof space);
    if (length >= sizeof space) {
        buffer = (char *)wmem_alloc(pool, length + 1);
        length = step_format(step, buffer, length + 1);
    }
    return text_value(pool, (struct bytes){(const uint8_t *)buffer, length});
}

const char *text_step_line(wmem_allocator_t *pool, const struct step *step)
{
    const char *table = text_line(pool, step->table), *chain = text_line(pool, step->chain);
    const char *rule = text_line(pool, step->rule), *target = text_line(pool, step->target);
    const char *colon = *rule ? ": " : "";
    switch (step->type) {
    case STEP_RULE:
        return wmem_strdup_printf(pool, "%s %s rule %u%s%s", table, chain, step->rulenum, colon, rule);
    case STEP_POLICY:
        return wmem_strdup_printf(pool, "%s %s policy%s%s", table, chain, *target ? " " : "", target);
    case STEP_RETURN:
        return wmem_strdup_printf(pool, "%s %s end of chain", table, chain);
    case STEP_UNKNOWN:
        return wmem_strdup_printf(pool, "%s %s unconditional rule, or end of chain (rules unknown)", table,
                                  chain);
    }
    return wmem_strdup_printf(pool, "%s %s type %u, number %u%s%s", table, chain, step->type, step->rulenum,
                              colon, rule);
}

const char *text_step_decision(wmem_allocator_t *pool, const struct step *step)
{
    if (step->type != STEP_POLICY || step->rule.length == 0)
        return text_step_line(pool, step);
    return wmem_strdup_printf(pool, "%s %s policy: %s", text_line(pool, step->table),
                              text_line(pool, step->chain), text_line(pool, step->rule));
}

const char *text_step_short(wmem_allocator_t *pool, const struct step *step)
{
    const char *table = text_line(pool, step->table), *chain = text_line(pool, step->chain);
    if (step->rulenum > 0)
        return wmem_strdup_printf(pool, "%s %s #%u", table, chain, step->rulenum);
    if (step->type == STEP_POLICY)
        return wmem_strdup_printf(pool, "%s %s policy", table, chain);
    return wmem_strdup_printf(pool, "%s %s", table, chain);
}

const char *text_reason_explained(unsigned reason)
{
    switch (reason) {
    case REASON_NAT:
        return "last seen at a NAT rule";
    case REASON_LOST:
        return "TRACE messages were lost, or the recording started or stopped in between";
    case REASON_NO_TABLES:
        return "the legacy tables contained no rules, no user-defined chains, and no policy but ACCEPT";
    case REASON_NO_RULES:
        return "the rules are unknown, so a rule cannot be told from a policy";
    case REASON_VANISHED_TABLE:
        return "not seen again after a non-terminating rule: dropped by a match or target itself";
    case REASON_VANISHED_CONNTRACK:
        return "not seen again after table raw: dropped by connection tracking, or malformed";
    case REASON_VANISHED_ROUTING:
        return "not seen again after PREROUTING: no route, reverse path filter, TTL expired, or "
               "multicast group not joined";
    case REASON_VANISHED_OUTPUT:
        return "not seen at POSTROUTING: no neighbour, packet too big, or dropped by another hook";
    case REASON_VANISHED_HOOK:
        return "not seen in the next table of the same hook: dropped by nftables or another hook";
    case REASON_RULES_CHANGED:
        return "the rules changed on the way, and the old ones imply a different verdict from the new ones";
    case REASON_QUEUE:
        return "NFQUEUE: dropped if no program was listening; otherwise the program's verdict was not seen";
    case REASON_EVICTED:
        return "too many packets were in flight to wait for its end";
    case REASON_TPROXY:
        return "last seen at a TPROXY rule: no matching socket, or dropped by routing";
    }
    return NULL;
}
