/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Prints the text of every table that exists, as the helper process gives it: `rule_text_print 4|6`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "recorder/legacy/agent/agent.h"

#define TIMEOUT_MS 60000

static int print_tables(struct agent *agent, struct error *error)
{
    struct ruleset_state state;
    int result = agent_state(agent, false, TIMEOUT_MS, &state, error);
    for (size_t i = 0; !result && i < state.table_count; i++) {
        struct table_text text;
        result = agent_text(agent, state.tables[i].name, TIMEOUT_MS, &text, error);
        if (result)
            break;
        fwrite(text.text, 1, text.length, stdout);
        table_text_done(&text);
    }
    return result;
}

int main(int argc, char **argv)
{
    struct error error;
    struct agent *agent = NULL;
    enum ip_family family = argc > 1 && !strcmp(argv[1], "6") ? FAMILY_IPV6 : FAMILY_IPV4;
    int result = agent_open(&agent, family, -1, &error);
    if (!result)
        result = print_tables(agent, &error);
    if (result)
        agent_close(agent, TIMEOUT_MS, NULL, NULL);
    else
        result = agent_close(agent, TIMEOUT_MS, NULL, &error);
    if (result)
        fprintf(stderr, "rule_text_print: %s\n", error.text);
    return result ? 1 : 0;
}
