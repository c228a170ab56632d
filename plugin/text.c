/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes from a file made into text that Wireshark may show. */
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
        return wmem_strdup_printf(pool, "%s %s a rule without conditions, or the end (rules not known)",
                                  table, chain);
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
        return "the last that was seen was a rule that translates";
    case REASON_LOST:
        return "messages were lost, or the recording began or ended meanwhile";
    case REASON_NO_TABLES:
        return "no legacy table had anything of the administrator's";
    case REASON_NO_RULES:
        return "the rules are not known, so that a rule cannot be told from a policy";
    case REASON_VANISHED_TABLE:
        return "not seen again after a rule that ends nothing: a match or target dropped it by itself";
    case REASON_VANISHED_CONNTRACK:
        return "not seen again after raw: dropped by connection tracking, or malformed";
    case REASON_VANISHED_ROUTING:
        return "not seen again after PREROUTING: no route, reverse path filter, TTL, or not a member";
    case REASON_VANISHED_OUTPUT:
        return "not seen at POSTROUTING: no neighbour, too big, or dropped by another hook";
    case REASON_VANISHED_HOOK:
        return "not seen in the next table of the same hook: dropped by nftables or another hook";
    case REASON_RULES_CHANGED:
        return "the rules changed under way: the old and the new ones mean different ends";
    case REASON_QUEUE:
        return "NFQUEUE: dropped where no program listened, else what the program did was not seen";
    case REASON_EVICTED:
        return "too many packets were under way to wait for its end";
    case REASON_TPROXY:
        return "TPROXY was its last rule: no socket took it, or it was dropped in routing";
    }
    return NULL;
}
