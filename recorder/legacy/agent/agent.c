/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The client's side of an agent. */
#include "recorder/legacy/agent/agent.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/agent_channel.h"
#include "recorder/system/interrupt.h"

#define HELLO_TIMEOUT_MS 5000
#define REAP_INTERVAL_MS 5

enum ip_family agent_family(const struct agent *agent)
{
    return agent->family;
}

pid_t agent_pid(const struct agent *agent)
{
    return agent->pid;
}

int agent_fd(const struct agent *agent)
{
    return agent->socket;
}

void agent_assume_lock(struct agent *agent, bool held)
{
    agent->lock_held = held;
}

/* ---- life ---- */

static void agent_free(struct agent *agent)
{
    cleanup_close(&agent->socket);
    g_hash_table_unref(agent->pending);
    g_free(agent);
}

static bool reap(struct agent *agent, gint64 deadline)
{
    for (;;) {
        pid_t ended = waitpid(agent->pid, NULL, WNOHANG);
        if (ended == agent->pid || (ended < 0 && errno == ECHILD))
            return true;
        if (g_get_monotonic_time() >= deadline || interrupt_poll(-1, 0, REAP_INTERVAL_MS) < 0)
            return false;
    }
}

int agent_open(struct agent **ret_agent, enum ip_family family, int netns_fd, struct error *error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return error_set(error, errno, "cannot create a socket pair for the helper for rules: %s",
                         g_strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        agent_process_run(family, netns_fd, pair[1]);
    close(pair[1]);
    if (pid < 0) {
        int err = errno;
        close(pair[0]);
        return error_set(error, err, "cannot start the helper for rules: %s", g_strerror(err));
    }

    struct agent *agent = g_new0(struct agent, 1);
    *agent = (struct agent){.family = family, .pid = pid, .socket = pair[0]};
    agent->pending = g_hash_table_new(NULL, NULL);
    int result = agent_await_hello(agent, HELLO_TIMEOUT_MS, error);
    if (result) {
        cleanup_close(&agent->socket);
        reap(agent, g_get_monotonic_time() + G_TIME_SPAN_SECOND);
        agent_free(agent);
        return result;
    }
    *ret_agent = agent;
    return 0;
}

static int undo(struct agent *agent, int timeout_ms, struct undo_report *ret_report, struct error *error)
{
    struct wire_request request = {.kind = WIRE_UNDO};
    struct agent_reply reply;
    int result = agent_ask(agent, &request, timeout_ms, &reply, error);
    if (!result && ret_report)
        *ret_report = reply.undo;
    return result;
}

int agent_close(struct agent *agent, int timeout_ms, struct undo_report *ret_report, struct error *error)
{
    if (!agent)
        return 0;
    gint64 deadline = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;
    int result = undo(agent, timeout_ms, ret_report, error);
    cleanup_close(&agent->socket);
    if (!reap(agent, MAX(deadline, g_get_monotonic_time() + G_TIME_SPAN_SECOND / 2)))
        result = error_set(error, ETIMEDOUT,
                           "the %s TRACE rules and logger are not restored yet: process %ld keeps trying, "
                           "perhaps waiting for the lock %s",
                           agent_family_name(agent), (long)agent->pid, XTABLES_LOCK_FILE);
    agent_free(agent);
    return result;
}

/* ---- requests that wait ---- */

int agent_state(struct agent *agent, bool deep, int timeout_ms, struct ruleset_state *ret_state,
                struct error *error)
{
    struct wire_request request = {.kind = WIRE_STATE, .deep = deep};
    struct agent_reply reply;
    int result = agent_ask(agent, &request, timeout_ms, &reply, error);
    if (!result)
        *ret_state = reply.state;
    return result;
}

static int ask_text(struct agent *agent, enum wire_kind kind, const char *table, int timeout_ms,
                    struct table_text *ret_text, struct error *error)
{
    struct wire_request request = {.kind = kind};
    struct agent_reply reply;
    g_strlcpy(request.table, table, sizeof request.table);
    int result = agent_ask(agent, &request, timeout_ms, &reply, error);
    if (!result)
        *ret_text = reply.text;
    return result;
}

int agent_text(struct agent *agent, const char *table, int timeout_ms, struct table_text *ret_text,
               struct error *error)
{
    return ask_text(agent, WIRE_TEXT, table, timeout_ms, ret_text, error);
}

int agent_own_text(struct agent *agent, int timeout_ms, char **ret_lines, struct error *error)
{
    struct table_text text;
    int result = ask_text(agent, WIRE_OWN_TEXT, "raw", timeout_ms, &text, error);
    if (result == -ENOENT) {
        *ret_lines = g_strdup("");
        return 0;
    }
    if (!result) {
        *ret_lines = g_steal_pointer(&text.text);
        table_text_done(&text);
    }
    return result;
}

int agent_logger_set(struct agent *agent, int timeout_ms, struct error *error)
{
    struct wire_request request = {.kind = WIRE_LOGGER_SET};
    struct agent_reply reply;
    return agent_ask(agent, &request, timeout_ms, &reply, error);
}

static int ask_trace(struct agent *agent, struct wire_request *request, int timeout_ms,
                     struct trace_report *ret_report, struct error *error)
{
    struct agent_reply reply;
    int result = agent_ask(agent, request, timeout_ms, &reply, error);
    if (!result && ret_report)
        *ret_report = reply.trace;
    return result;
}

int agent_install(struct agent *agent, const struct trace_options *options, int timeout_ms,
                  struct trace_report *ret_report, struct error *error)
{
    int result = trace_options_check(options, error);
    if (result)
        return result;
    struct wire_request request = {.kind = WIRE_INSTALL};
    struct wire_options *wire = &request.options;
    g_strlcpy(wire->tag, options->tag, sizeof wire->tag);
    g_strlcpy(wire->limit, options->limit ? options->limit : "", sizeof wire->limit);
    wire->limit_burst = options->limit_burst;
    wire->date_stop = options->date_stop;
    wire->filter_length = options->filter_length;
    if (options->filter_length)
        memcpy(wire->filter, options->filter, options->filter_length * sizeof *options->filter);
    wire->interface_count = options->interface_count;
    for (size_t i = 0; i < options->interface_count; i++)
        g_strlcpy(wire->interfaces[i], options->interfaces[i], sizeof wire->interfaces[i]);
    return ask_trace(agent, &request, timeout_ms, ret_report, error);
}

int agent_remove(struct agent *agent, int timeout_ms, struct trace_report *ret_report, struct error *error)
{
    struct wire_request request = {.kind = WIRE_REMOVE};
    return ask_trace(agent, &request, timeout_ms, ret_report, error);
}

int agent_bind(struct agent *agent, int timeout_ms, struct error *error)
{
    struct wire_request request = {.kind = WIRE_BIND};
    struct agent_reply reply;
    return agent_ask(agent, &request, timeout_ms, &reply, error);
}

/* ---- requests that do not wait ---- */

int agent_request_text(struct agent *agent, struct agent_inbox *inbox, const char *table, struct error *error)
{
    struct wire_request request = {.kind = WIRE_TEXT};
    g_strlcpy(request.table, table, sizeof request.table);
    return agent_send(agent, inbox, &request, error);
}

int agent_request_state(struct agent *agent, struct agent_inbox *inbox, bool deep, struct error *error)
{
    struct wire_request request = {.kind = WIRE_STATE, .deep = deep};
    return agent_send(agent, inbox, &request, error);
}

int agent_request_look(struct agent *agent, struct agent_inbox *inbox, struct error *error)
{
    struct wire_request request = {.kind = WIRE_LOOK};
    return agent_send(agent, inbox, &request, error);
}

int agent_request_renew(struct agent *agent, struct agent_inbox *inbox, int64_t date_stop,
                        struct error *error)
{
    struct wire_request request = {.kind = WIRE_RENEW, .options = {.date_stop = date_stop}};
    return agent_send(agent, inbox, &request, error);
}

int agent_request_repair(struct agent *agent, struct agent_inbox *inbox, int64_t date_stop,
                         struct error *error)
{
    struct wire_request request = {.kind = WIRE_REPAIR, .options = {.date_stop = date_stop}};
    return agent_send(agent, inbox, &request, error);
}
