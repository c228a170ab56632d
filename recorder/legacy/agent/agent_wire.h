/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The protocol between an agent and its client, over a SOCK_SEQPACKET pair: one struct per message.
 *
 * Both ends are the same program, so they have the same structs. But the client will have dropped its
 * privileges, and reads bytes from the network, so the agent checks every field of a request. A text is sent
 * as a sealed memfd with the reply:
 *
 *   +---------------------+---------------------------+----------------------+
 *   | struct wire_text    | struct own_rule own[]     | text, to the end     |
 *   +---------------------+---------------------------+----------------------+
 */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_WIRE_H
#define IPTRACE_LEGACY_AGENT_AGENT_WIRE_H

#include "format/family.h"
#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/agent/undo.h"

enum wire_kind {
    WIRE_HELLO, /* the agent's first message; never requested */
    WIRE_STATE,
    WIRE_TEXT,
    WIRE_OWN_TEXT,
    WIRE_LOGGER_SET,
    WIRE_INSTALL,
    WIRE_RENEW,
    WIRE_REMOVE,
    WIRE_UNDO,
    WIRE_LOOK,
    WIRE_REPAIR,
    WIRE_BIND,
};

/* struct trace_options without pointers. */
struct wire_options {
    char tag[TRACE_TAG_MAX + 1];
    char limit[TRACE_LIMIT_TEXT_SIZE]; /* empty: none */
    uint32_t limit_burst;
    int64_t date_stop;
    uint32_t filter_length;
    uint32_t interface_count;
    struct sock_filter filter[TRACE_FILTER_MAX];
    char interfaces[TRACE_INTERFACES_MAX][TRACE_INTERFACE_SIZE];
};

struct wire_text {
    uint64_t hash; /* as in struct table_state */
    uint64_t own_count;
};

struct wire_request {
    uint32_t kind;
    uint32_t id;       /* from 1; returned with the answer */
    uint8_t deep;      /* WIRE_STATE */
    uint8_t lock_held; /* the client has the xtables lock; ignored after WIRE_INSTALL or WIRE_BIND */
    char table[RULESET_TABLE_NAME_SIZE]; /* WIRE_TEXT */
    struct wire_options options;         /* WIRE_INSTALL; WIRE_RENEW, WIRE_REPAIR: date_stop */
};

struct wire_reply {
    uint32_t kind, id; /* 0: of WIRE_HELLO */
    char table[RULESET_TABLE_NAME_SIZE];
    int32_t result;
    struct error error;
    union {
        struct ruleset_state state;
        struct trace_report trace;
        struct undo_report undo;
        struct ruleset_look look;
    };
};

/* The agent's main function: serves `socket`, and never returns. See agent_open. */
void agent_process_run(enum ip_family family, int netns_fd, int socket) __attribute__((noreturn));

#endif
