/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a rule with target NFQUEUE does with a packet. */
#include "recorder/legacy/walk/queue_rule.h"

#include <string.h>

/* iptables-save prints the target's options last, so the last occurrence is the target's own, also where a
 * comment says the same. */
static const char *last_option(const char *text, const char *name)
{
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, name)); at += strlen(name))
        found = at + strlen(name);
    return found;
}

static bool read_queue(const char **at, uint16_t *ret_queue)
{
    char *end;
    guint64 value = g_ascii_strtoull(*at, &end, 10);
    if (end == *at || value > UINT16_MAX)
        return false;
    *ret_queue = (uint16_t)value;
    *at = end;
    return true;
}

bool queue_rule_of(const struct meaning *meaning, struct queue_rule *ret_rule)
{
    if (meaning->kind != MEANING_RULE || !meaning->rule ||
        !bytes_equal(meaning->rule->target, BYTES("NFQUEUE")))
        return false;
    g_autofree char *line = g_strndup((const char *)meaning->rule->text.data, meaning->rule->text.length);
    const char *text = last_option(line, " -j NFQUEUE");
    if (!text)
        return false;
    *ret_rule = (struct queue_rule){.bypass = last_option(text, " --queue-bypass") != NULL};
    const char *balance = last_option(text, " --queue-balance "),
               *number = last_option(text, " --queue-num ");
    if (balance)
        return read_queue(&balance, &ret_rule->first) && *balance++ == ':' &&
               read_queue(&balance, &ret_rule->last);
    bool sound = !number || read_queue(&number, &ret_rule->first);
    ret_rule->last = ret_rule->first;
    return sound;
}
