/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own TRACE rules in a table. */
#include "recorder/legacy/agent/own_rules.h"

#include <string.h>

#include "recorder/legacy/agent/trace_rule_build.h"

GArray *own_rules_find(const struct legacy *legacy, struct xtc_handle *handle)
{
    GArray *own = g_array_new(FALSE, TRUE, sizeof(struct own_rule));
    for (const char *chain = legacy->first_chain(handle); chain; chain = legacy->next_chain(handle)) {
        uint32_t number = 0;
        for (const void *entry = legacy->first_rule(chain, handle); entry;
             entry = legacy->next_rule(entry, handle)) {
            struct legacy_rule rule = legacy->view(entry);
            number++;
            struct own_rule found = {.number = number};
            if (!trace_rule_is_own(&rule, found.tag))
                continue;
            found.date_stop = trace_rule_date_stop(&rule);
            found.counts = trace_rule_counts(&rule);
            struct xt_counters counters;
            memcpy(&counters, (const char *)rule.entry + rule.counters_offset, sizeof counters);
            found.packets = counters.pcnt;
            g_strlcpy(found.chain, chain, sizeof found.chain);
            g_array_append_val(own, found);
        }
    }
    return own;
}
