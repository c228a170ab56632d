/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's end of the socket to an agent: one request out, one reply in. */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_CHANNEL_H
#define IPTRACE_LEGACY_AGENT_AGENT_CHANNEL_H

#include <glib.h>

#include "format/family.h"
#include "recorder/legacy/agent/agent_wire.h"

struct agent {
    enum ip_family family;
    pid_t pid;
    int socket;
    bool lock_held;
    uint32_t last_id;
    GQueue kept[WIRE_ASKER_COUNT]; /* of struct agent_reply: for each asker, received by others */
};

const char *agent_family_name(const struct agent *agent);

/* Numbers the request and sends it. -EAGAIN: too many are pending; -EPIPE: the agent has ended. */
int agent_send(struct agent *agent, struct wire_request *request, struct error *error);

/* Waits for the reply to request `id`. Replies that nobody waits for any more, after a timeout, are dropped;
 * those for agent_receive are kept for it. */
int agent_await(struct agent *agent, uint32_t id, int timeout_ms, struct wire_reply *ret_reply, int *ret_fd,
                struct error *error);

/* One request and its reply, whose error becomes the result; ret_fd may be NULL if no text is expected. */
int agent_ask(struct agent *agent, struct wire_request *request, int timeout_ms, struct wire_reply *ret_reply,
              int *ret_fd, struct error *error);

/* Parses the memfd described in agent_wire.h. */
int agent_read_text(int fd, const char *table, struct table_text *ret_text, struct error *error);

/* The next reply for `asker`; those for another are kept for it. -EAGAIN: none yet. */
int agent_receive_for(struct agent *agent, enum wire_asker asker, struct agent_reply *ret_reply,
                      struct error *error);

#endif
