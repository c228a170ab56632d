/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A cheap check of what a recording put into a family. */
#include "recorder/legacy/agent/look.h"

#include <glib.h>
#include <string.h>

#include "recorder/legacy/agent/table.h"
#include "recorder/legacy/agent/trace_install.h"

#define LARGE (1 << 20) /* bytes of a table, some thousand rules: a look through takes about 1 ms */

static int look_at_rules(enum ip_family family, const char *tag, int64_t date_stop, struct ruleset_look *look,
                         struct error *error)
{
    g_autofree struct own_rule *own = NULL;
    size_t count = 0;
    int result = trace_list(family, &own, &count, error);
    uint32_t before = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        before = i > 0 && strcmp(own[i].chain, own[i - 1].chain) == 0 ? before + 1 : 1;
        if (strcmp(own[i].tag, tag) != 0 || own[i].date_stop != date_stop)
            continue;
        look->rules++;
        look->behind |= own[i].number > before;
    }
    return result;
}

int ruleset_look(enum ip_family family, const char *tag, int64_t date_stop, const struct ruleset_look *last,
                 struct ruleset_look *ret_look, struct error *error)
{
    struct table_state states[RULESET_TABLES_MAX];
    struct ruleset_look look = {0};
    size_t count;
    if (logger_read(family, look.logger, NULL) < 0)
        look.logger[0] = '\0';
    int result = table_states_read(family, false, states, RULESET_TABLES_MAX, &count, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(states[i].name, "raw") != 0)
            continue;
        look.entries = states[i].entries;
        look.size = states[i].size;
    }
    if (last && look.size > LARGE && last->size == look.size && last->entries == look.entries) {
        look.rules = last->rules;
        look.behind = last->behind;
    } else if (look.size > 0) {
        result = look_at_rules(family, tag, date_stop, &look, error);
    }
    if (result == 0)
        *ret_look = look;
    return result;
}
