/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What an agent answers. */
#include "recorder/legacy/agent/agent_reply.h"

#include <glib.h>
#include <string.h>

void table_text_done(struct table_text *text)
{
    g_clear_pointer(&text->text, g_free);
    g_clear_pointer(&text->own, g_free);
    text->length = text->own_count = 0;
}

table_set ruleset_state_tables(const struct ruleset_state *state)
{
    table_set set = 0;
    for (size_t i = 0; i < state->table_count; i++) {
        const char *name = state->tables[i].name;
        enum table table = table_of_name((struct bytes){(const uint8_t *)name, strlen(name)});
        if (table != TABLE_COUNT)
            set |= 1u << table;
    }
    return set;
}

void agent_reply_done(struct agent_reply *reply)
{
    table_text_done(&reply->text);
}
