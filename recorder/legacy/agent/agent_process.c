/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The privileged helper itself: answers requests, and undoes everything once its client is gone. */
#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/agent_text.h"
#include "recorder/legacy/agent/agent_wire.h"
#include "recorder/system/helper.h"
#include "recorder/system/privileges.h"

#define UNDO_ATTEMPTS    50
#define UNDO_INTERVAL_MS 100

struct server {
    enum ip_family family;
    int socket;
    bool installed;           /* rules of options.tag may be there */
    bool is_bound;            /* what the client may ask for is settled: see agent_bind() */
    bool is_lock_bound;       /* and since the first installation, who takes the xtables lock */
    bool lock_held;           /* by the client */
    uint64_t matched, traced; /* by those of them that were taken out: trace_install.h */
    struct wire_options options;
    struct ruleset_look look; /* the last; of size 0 before the first */
    bool logger_set;          /* the logger was former_logger before us */
    char former_logger[LOGGER_NAME_SIZE];
    struct agent_text_job job; /* a text under way; then no other request is read */
    struct wire_request asked; /* the request of the job */
};

/* ---- messages ---- */

static struct wire_reply reply_to(const struct wire_request *request)
{
    struct wire_reply reply = {.kind = request->kind, .id = request->id};
    g_strlcpy(reply.table, request->table, sizeof reply.table);
    return reply;
}

/* A client that is gone is seen by poll. */
static void send_reply(const struct server *server, const struct wire_reply *reply, int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = (void *)reply, .iov_len = sizeof *reply};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(rights), &fd, sizeof fd);
    }
    while (sendmsg(server->socket, &message, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* Every string ends, every count is bounded: what the values mean is checked by those who use them. */
static bool request_is_sound(const struct wire_request *request)
{
    const struct wire_options *options = &request->options;
    if (!memchr(request->table, 0, sizeof request->table) || !memchr(options->tag, 0, sizeof options->tag) ||
        !memchr(options->limit, 0, sizeof options->limit) || options->filter_length > TRACE_FILTER_MAX ||
        options->interface_count > TRACE_INTERFACES_MAX)
        return false;
    for (uint32_t i = 0; i < options->interface_count; i++)
        if (!memchr(options->interfaces[i], 0, sizeof options->interfaces[i]))
            return false;
    return true;
}

/* ---- requests ---- */

static enum xtables_lock_wait lock_of(struct server *server, const struct wire_request *request)
{
    if (!server->is_lock_bound)
        server->lock_held = request->lock_held;
    return server->lock_held ? XTABLES_LOCK_HELD : XTABLES_LOCK_BOUNDED;
}

static uint64_t cpu_ns(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void answer_state(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    struct ruleset_state *state = &reply->state;
    uint64_t before_ns = cpu_ns();
    if (logger_read(server->family, state->logger, NULL))
        *state->logger = '\0';
    reply->result = table_states_read(server->family, request->deep, state->tables, RULESET_TABLES_MAX,
                                      &state->table_count, &reply->error);
    state->cpu_ns = cpu_ns() - before_ns;
}

static void answer_logger_set(struct server *server, const struct wire_request *request,
                              struct wire_reply *reply)
{
    char former[LOGGER_NAME_SIZE];
    (void)request;
    reply->result = logger_read(server->family, former, &reply->error);
    if (reply->result)
        return;
    if (!server->logger_set)
        g_strlcpy(server->former_logger, former, sizeof server->former_logger);
    server->logger_set = true;
    reply->result = logger_write(server->family, LOGGER_NFLOG, &reply->error);
}

typedef int trace_change(enum ip_family family, const struct trace_options *options,
                         enum xtables_lock_wait wait, struct trace_report *ret_report, struct error *error);

/* What the rules counted before they were taken out or renewed: an answer has the sum. */
static void add_counts(struct server *server, struct wire_reply *reply)
{
    if (reply->result)
        return;
    server->matched += reply->trace.matched;
    server->traced += reply->trace.traced;
    reply->trace.matched = server->matched;
    reply->trace.traced = server->traced;
}

static void change_rules(struct server *server, const struct wire_options *wire, trace_change *change,
                         const struct wire_request *request, struct wire_reply *reply)
{
    const char *interfaces[TRACE_INTERFACES_MAX];
    for (uint32_t i = 0; i < wire->interface_count; i++)
        interfaces[i] = wire->interfaces[i];
    struct trace_options options = {
        .tag = wire->tag,
        .interfaces = interfaces,
        .interface_count = wire->interface_count,
        .filter = wire->filter,
        .filter_length = wire->filter_length,
        .limit = *wire->limit ? wire->limit : NULL,
        .limit_burst = wire->limit_burst,
        .date_stop = wire->date_stop,
    };
    reply->result = change(server->family, &options, lock_of(server, request), &reply->trace, &reply->error);
    add_counts(server, reply);
}

/* libiptc can fail after the kernel has taken the table, when it puts the counters back. */
static void answer_install(struct server *server, const struct wire_request *request,
                           struct wire_reply *reply)
{
    if (server->is_bound) {
        reply->result =
            error_set(&reply->error, EPERM, "recording has begun: no further rules are installed");
        return;
    }
    if (*server->options.tag && strcmp(server->options.tag, request->options.tag) != 0) {
        reply->result =
            error_set(&reply->error, EINVAL, "rules of tag %s were installed: expected the same tag, not %s",
                      server->options.tag, request->options.tag);
        return;
    }
    change_rules(server, &request->options, trace_install, request, reply);
    if (reply->result && trace_is_there(server->family, request->options.tag, NULL) <= 0)
        return;
    server->options = request->options;
    server->installed = server->is_lock_bound = true;
}

static void answer_bind(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    (void)reply;
    lock_of(server, request);
    server->is_bound = server->is_lock_bound = true;
}

static void answer_renew(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    if (!server->installed) {
        reply->result =
            error_set(&reply->error, ENOENT, "there is no TRACE rule to renew: none was installed");
        return;
    }
    struct wire_options renewed = server->options;
    renewed.date_stop = request->options.date_stop;
    change_rules(server, &renewed, trace_renew, request, reply);
    if (!reply->result)
        server->options = renewed;
}

static void answer_remove(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    if (!server->installed)
        return;
    reply->result = trace_remove(server->family, server->options.tag, lock_of(server, request), &reply->trace,
                                 &reply->error);
    add_counts(server, reply);
    server->installed = reply->result != 0;
}

static void answer_look(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    (void)request;
    reply->result = ruleset_look(server->family, server->options.tag, server->options.date_stop,
                                 &server->look, &reply->look, &reply->error);
    if (!reply->result)
        server->look = reply->look;
}

/* Only what was set before is set again. */
static void answer_repair(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    struct wire_options renewed = server->options;
    renewed.date_stop = request->options.date_stop;
    if (server->logger_set)
        reply->result = logger_write(server->family, LOGGER_NFLOG, &reply->error);
    if (reply->result || !server->installed)
        return;
    change_rules(server, &renewed, trace_install, request, reply);
    if (!reply->result)
        server->options = renewed;
}

static int undo(struct server *server, enum xtables_lock_wait wait, struct undo_report *report,
                struct error *error)
{
    int result = 0;
    if (server->installed)
        result = ruleset_undo(server->family, server->options.tag,
                              server->logger_set ? server->former_logger : NULL, wait, report, error);
    else if (server->logger_set)
        result = logger_restore(server->family, server->former_logger, &report->logger_restored, error);
    if (!result)
        server->installed = server->logger_set = false;
    return result;
}

static void answer_undo(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    reply->result = undo(server, lock_of(server, request), &reply->undo, &reply->error);
}

static void start_text(struct server *server, const struct wire_request *request, struct wire_reply *reply)
{
    bool own = request->kind == WIRE_OWN_TEXT;
    reply->result = agent_text_start(server->family, own ? "raw" : request->table, own ? SAVE_OWN : SAVE_USER,
                                     &server->job, &reply->error);
    server->asked = *request;
}

static void finish_text(struct server *server)
{
    CLEANUP_CLOSE int text = -1;
    struct wire_reply reply = reply_to(&server->asked);
    reply.result = agent_text_finish(&server->job, &text, &reply.error);
    send_reply(server, &reply, text);
}

typedef void answer(struct server *server, const struct wire_request *request, struct wire_reply *reply);

static answer *const answers[] = {
    [WIRE_STATE] = answer_state,           [WIRE_TEXT] = start_text,        [WIRE_OWN_TEXT] = start_text,
    [WIRE_LOGGER_SET] = answer_logger_set, [WIRE_INSTALL] = answer_install, [WIRE_RENEW] = answer_renew,
    [WIRE_REMOVE] = answer_remove,         [WIRE_UNDO] = answer_undo,       [WIRE_LOOK] = answer_look,
    [WIRE_REPAIR] = answer_repair,         [WIRE_BIND] = answer_bind,
};

/* False when the client has closed, or says what no client of ours says. */
static bool serve_request(struct server *server)
{
    struct wire_request request;
    ssize_t length = recv(server->socket, &request, sizeof request, MSG_TRUNC | MSG_DONTWAIT);
    if (length < 0)
        return errno == EINTR || errno == EAGAIN;
    if (length != sizeof request || !request_is_sound(&request) || request.kind >= G_N_ELEMENTS(answers) ||
        !answers[request.kind])
        return false;

    struct wire_reply reply = reply_to(&request);
    answers[request.kind](server, &request, &reply);
    if (server->job.pid == 0)
        send_reply(server, &reply, -1);
    return true;
}

static void serve(struct server *server)
{
    for (;;) {
        bool busy = server->job.pid > 0;
        struct pollfd waits[] = {
            {.fd = server->socket,    .events = busy ? 0 : POLLIN},
            {.fd = server->job.pidfd, .events = POLLIN           },
        };
        if (poll(waits, G_N_ELEMENTS(waits), -1) < 0 && errno != EINTR)
            return;
        if (waits[0].revents & (POLLHUP | POLLERR))
            return;
        if (waits[1].revents)
            finish_text(server);
        else if (waits[0].revents & POLLIN && !serve_request(server))
            return;
    }
}

/* ---- life ---- */

/* Nobody else would do it: tries for as long as the lock takes, and a while against other obstacles. */
static void undo_to_the_end(struct server *server)
{
    struct undo_report report;
    agent_text_kill(&server->job);
    for (int i = 0; i < UNDO_ATTEMPTS && undo(server, XTABLES_LOCK_FOREVER, &report, NULL); i++)
        g_usleep(UNDO_INTERVAL_MS * 1000ul);
}

void agent_process_run(enum ip_family family, int netns_fd, int socket)
{
    struct server server = {.family = family, .socket = HELPER_SOCKET, .job = AGENT_TEXT_JOB_NONE};
    struct wire_reply hello = {.kind = WIRE_HELLO};
    helper_begin(family == FAMILY_IPV6 ? "iptrace-rules6" : "iptrace-rules4");
    if (netns_fd >= 0 && setns(netns_fd, CLONE_NEWNET))
        hello.result = error_set(&hello.error, errno, "the network namespace cannot be entered: %s%s",
                                 g_strerror(errno), errno == EPERM ? "; expected CAP_SYS_ADMIN" : "");
    if (helper_keep_socket(socket))
        _exit(1);
    privileges_keep_for_rules();
    send_reply(&server, &hello, -1);
    if (!hello.result) {
        serve(&server);
        undo_to_the_end(&server);
    }
    _exit(0);
}
