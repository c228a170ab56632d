/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What an agent answers. */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_REPLY_H
#define IPTRACE_LEGACY_AGENT_AGENT_REPLY_H

#include "recorder/core/error.h"
#include "recorder/legacy/agent/logger.h"
#include "recorder/legacy/agent/look.h"
#include "recorder/legacy/agent/table.h"
#include "recorder/legacy/agent/trace_install.h"
#include "recorder/legacy/agent/trace_rule.h"
#include "recorder/legacy/agent/undo.h"
#include "recorder/legacy/walk/tables.h"

/* The result of a look at a family's tables; contains no pointers. */
struct ruleset_state {
    char logger[LOGGER_NAME_SIZE]; /* empty if it cannot be read */
    uint64_t cpu_ns;               /* CPU time that the look took */
    size_t table_count;
    struct table_state tables[RULESET_TABLES_MAX];
};

/* The tables that it found, as a set; tables with unknown names are left out. */
table_set ruleset_state_tables(const struct ruleset_state *state);

/* The text of a table: see save.h. */
struct table_text {
    char table[RULESET_TABLE_NAME_SIZE];
    char *text; /* zero-terminated, owned */
    size_t length;
    uint64_t hash;        /* of the entries that the text was printed from: struct table_state */
    struct own_rule *own; /* our own TRACE rules, left out of the text; owned */
    size_t own_count;
};

void table_text_done(struct table_text *text);

enum agent_reply_kind {
    AGENT_REPLY_DONE, /* or not, and no more than that */
    AGENT_REPLY_TEXT,
    AGENT_REPLY_STATE,
    AGENT_REPLY_LOOK,
    AGENT_REPLY_CHANGE, /* to our own rules, at the start and the end */
    AGENT_REPLY_RENEW,
    AGENT_REPLY_REPAIR,
    AGENT_REPLY_UNDO,
};

/* The answer to a request. */
struct agent_reply {
    enum agent_reply_kind kind;
    char table[RULESET_TABLE_NAME_SIZE]; /* for AGENT_REPLY_TEXT: the one requested */
    int result; /* 0, or a negative errno: `error` then says why, and the rest is empty */
    struct error error;
    struct table_text text;
    struct ruleset_state state;
    struct ruleset_look look;
    struct trace_report trace; /* for AGENT_REPLY_CHANGE, _RENEW and _REPAIR */
    struct undo_report undo;
};

void agent_reply_done(struct agent_reply *reply);

#endif
