/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A privileged helper process, one per family and network namespace: reads tables, installs TRACE rules, and
 * puts everything back when its client asks, closes, or dies. */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_H
#define IPTRACE_LEGACY_AGENT_AGENT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/family.h"
#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/agent/undo.h"

struct agent;

/* Forks the helper. It has a session of its own, ignores SIGINT, SIGTERM and SIGHUP, holds no descriptor but
 * its socket, and enters the namespace of `netns_fd` (-1: stays where it is; the descriptor stays the
 * caller's). It trusts no byte of a request. Call this before privileges are dropped: the helper needs
 * CAP_NET_ADMIN and CAP_NET_RAW in the namespace, and CAP_SYS_ADMIN to enter it. A process that the client
 * forks later must close agent_fd(), or the helper will not notice the client's death. */
int agent_open(struct agent **ret_agent, enum ip_family family, int netns_fd, struct error *error);

/* Makes the helper put everything back, waits at most `timeout_ms` for that, and reaps it. -ETIMEDOUT: the
 * helper, now on its own, keeps trying and then exits; the sentence says what it is waiting for. Frees the
 * agent in any case; `ret_report` may be NULL, and so may `agent`. */
int agent_close(struct agent *agent, int timeout_ms, struct undo_report *ret_report, struct error *error);

enum ip_family agent_family(const struct agent *agent);
pid_t agent_pid(const struct agent *agent);

/* Tells the helper whether the client itself holds the xtables lock (--lock): if so, the helper does not take
 * it. The helper believes this until rules have been installed or agent_bind() has been called. After the
 * client's death it takes the lock in any case. */
void agent_assume_lock(struct agent *agent, bool held);

/* ---- Requests that wait, at most `timeout_ms`: -ETIMEDOUT, or -EPIPE if the helper has ended. ---- */

int agent_state(struct agent *agent, bool deep, int timeout_ms, struct ruleset_state *ret_state,
                struct error *error);
int agent_text(struct agent *agent, const char *table, int timeout_ms, struct table_text *ret_text,
               struct error *error);
/* Our own TRACE rules as iptables-save prints them, one per line; the caller frees `*ret_lines`. */
int agent_own_text(struct agent *agent, int timeout_ms, char **ret_lines, struct error *error);
/* Sets the logger to nfnetlink_log; the helper remembers the one before. */
int agent_logger_set(struct agent *agent, int timeout_ms, struct error *error);
/* See trace_install.h. The helper remembers the options: undo removes this tag, and renew repeats them. */
int agent_install(struct agent *agent, const struct trace_options *options, int timeout_ms,
                  struct trace_report *ret_report, struct error *error);
/* Removes the rules that this helper installed, and no others. */
int agent_remove(struct agent *agent, int timeout_ms, struct trace_report *ret_report, struct error *error);
/* To be called before the client reads untrusted bytes: from here on the helper installs only what it
 * installed before (a renewal, a repair), else -EPERM, and no longer believes the client about the lock, so
 * that whoever takes over the client cannot ask for more. */
int agent_bind(struct agent *agent, int timeout_ms, struct error *error);

/* ---- Requests that do not wait: poll agent_fd() for POLLIN, then call agent_receive until -EAGAIN. ---- */

/* Receives the answers to one reader's requests; start with {0}. Each reader has an inbox of its own, so that
 * none gets another's answers. It must outlive the agent. */
struct agent_inbox {
    GQueue replies; /* of struct agent_reply */
};

/* Discards the answers that were not taken. */
void agent_inbox_done(struct agent_inbox *inbox);

int agent_fd(const struct agent *agent);
int agent_request_text(struct agent *agent, struct agent_inbox *inbox, const char *table,
                       struct error *error);
int agent_request_state(struct agent *agent, struct agent_inbox *inbox, bool deep, struct error *error);
/* Whether the logger and the rules of agent_install or the last renewal are still there: look.h. */
int agent_request_look(struct agent *agent, struct agent_inbox *inbox, struct error *error);
/* Gives the rules of agent_install another expiry date; if they are gone, -ENOENT is in the answer. */
int agent_request_renew(struct agent *agent, struct agent_inbox *inbox, int64_t date_stop,
                        struct error *error);
/* Sets the logger, and installs the rules of agent_install again, ahead of all others, wherever they are
 * now. */
int agent_request_repair(struct agent *agent, struct agent_inbox *inbox, int64_t date_stop,
                         struct error *error);

/* The next answer in an inbox, in the order of the requests: 0 and a reply to be freed by agent_reply_done();
 * -EAGAIN: none yet; -EPIPE: the helper has ended. Call it also after each request that waits, and for each
 * inbox: whoever reads the socket puts every answer into its inbox. */
int agent_receive(struct agent *agent, struct agent_inbox *inbox, struct agent_reply *ret_reply,
                  struct error *error);

#endif
