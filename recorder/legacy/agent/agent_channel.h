/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The client's end of the socket to an agent: requests out, and each reply into the inbox of whoever made the
 * request. */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_CHANNEL_H
#define IPTRACE_LEGACY_AGENT_AGENT_CHANNEL_H

#include <glib.h>

#include "format/family.h"
#include "recorder/legacy/agent/agent.h"
#include "recorder/legacy/agent/agent_wire.h"

struct agent {
    enum ip_family family;
    pid_t pid;
    int socket;
    bool lock_held;
    uint32_t last_id;
    GHashTable *pending; /* id of a pending request → its struct agent_inbox */
};

const char *agent_family_name(const struct agent *agent);

/* Numbers the request and sends it. -EAGAIN: too many are pending; -EPIPE: the agent has ended. */
int agent_send(struct agent *agent, struct agent_inbox *inbox, struct wire_request *request,
               struct error *error);

/* Waits for the agent's first message. */
int agent_await_hello(struct agent *agent, int timeout_ms, struct error *error);

/* Sends a request and waits for the reply, whose error becomes the result; a reply with a text is to be freed
 * by agent_reply_done(). A reply that comes too late is dropped. */
int agent_ask(struct agent *agent, struct wire_request *request, int timeout_ms,
              struct agent_reply *ret_reply, struct error *error);

#endif
