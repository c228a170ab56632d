/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Requests and replies between a client and its agent. */
#include "recorder/legacy/agent/agent_channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/interrupt.h"

const char *agent_family_name(const struct agent *agent)
{
    return ip_family_name(agent->family);
}

static int ended_error(const struct agent *agent, struct error *error)
{
    return error_set(error, EPIPE, "the %s helper for rules, process %ld, has ended unexpectedly",
                     agent_family_name(agent), (long)agent->pid);
}

int agent_send(struct agent *agent, struct agent_inbox *inbox, struct wire_request *request,
               struct error *error)
{
    request->id = ++agent->last_id;
    request->lock_held = agent->lock_held;
    ssize_t length = send(agent->socket, request, sizeof *request, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (length == sizeof *request) {
        g_hash_table_insert(agent->pending, GUINT_TO_POINTER(request->id), inbox);
        return 0;
    }
    if (length < 0 && errno == EAGAIN)
        return error_set(error, EAGAIN, "the %s helper for rules has too many requests waiting",
                         agent_family_name(agent));
    return ended_error(agent, error);
}

/* -EAGAIN: nothing there yet. *ret_fd is the caller's, -1 where the reply brings none. */
static int receive_wire(struct agent *agent, struct wire_reply *ret_reply, int *ret_fd, struct error *error)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec data = {.iov_base = ret_reply, .iov_len = sizeof *ret_reply};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t length;
    do
        length = recvmsg(agent->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (length < 0 && errno == EINTR);
    if (length < 0 && errno == EAGAIN)
        return error_set(error, EAGAIN, "the %s helper for rules has not answered yet",
                         agent_family_name(agent));

    CLEANUP_CLOSE int fd = -1;
    struct cmsghdr *rights = length >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (rights && rights->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(rights), sizeof fd);
    if (length != sizeof *ret_reply)
        return ended_error(agent, error);
    *ret_fd = take_fd(&fd);
    return 0;
}

static int read_text(int fd, const char *table, struct table_text *ret_text, struct error *error)
{
    struct stat status;
    struct wire_text head;
    if (fd < 0 || fstat(fd, &status) || pread(fd, &head, sizeof head, 0) != sizeof head ||
        head.own_count > (status.st_size - sizeof head) / sizeof(struct own_rule))
        return error_set(error, EIO, "the text of table %s did not arrive", table);

    size_t own_size = head.own_count * sizeof(struct own_rule);
    size_t length = status.st_size - sizeof head - own_size;
    g_autofree struct own_rule *own = g_try_malloc(own_size);
    g_autofree char *text = g_try_malloc(length + 1);
    if (!text || (own_size && !own))
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): g_autofree frees what there is
        return error_set(error, ENOMEM, "no memory for the text of table %s, %zu bytes", table, length);
    if (pread(fd, own, own_size, sizeof head) != (ssize_t)own_size)
        return error_set(error, EIO, "the text of table %s is cut short", table);
    for (size_t done = 0; done < length;) {
        ssize_t part = pread(fd, text + done, length - done, sizeof head + own_size + done);
        if (part <= 0)
            return error_set(error, EIO, "the text of table %s is cut short", table);
        done += part;
    }
    text[length] = '\0';
    *ret_text = (struct table_text){.length = length, .own_count = head.own_count, .hash = head.hash};
    g_strlcpy(ret_text->table, table, sizeof ret_text->table);
    ret_text->text = g_steal_pointer(&text);
    ret_text->own = g_steal_pointer(&own);
    return 0;
}

static enum agent_reply_kind kind_of(const struct wire_reply *wire)
{
    switch (wire->kind) {
    case WIRE_TEXT:
    case WIRE_OWN_TEXT:
        return AGENT_REPLY_TEXT;
    case WIRE_STATE:
        return AGENT_REPLY_STATE;
    case WIRE_LOOK:
        return AGENT_REPLY_LOOK;
    case WIRE_INSTALL:
    case WIRE_REMOVE:
        return AGENT_REPLY_CHANGE;
    case WIRE_RENEW:
        return AGENT_REPLY_RENEW;
    case WIRE_REPAIR:
        return AGENT_REPLY_REPAIR;
    case WIRE_UNDO:
        return AGENT_REPLY_UNDO;
    default:
        return AGENT_REPLY_DONE;
    }
}

static struct agent_reply decode(const struct wire_reply *wire, int fd)
{
    struct agent_reply reply = {.kind = kind_of(wire), .result = wire->result, .error = wire->error};
    g_strlcpy(reply.table, wire->table, sizeof reply.table);
    if (reply.result)
        return reply;
    switch (reply.kind) {
    case AGENT_REPLY_DONE:
        break;
    case AGENT_REPLY_TEXT:
        reply.result = read_text(fd, reply.table, &reply.text, &reply.error);
        break;
    case AGENT_REPLY_STATE:
        reply.state = wire->state;
        break;
    case AGENT_REPLY_LOOK:
        reply.look = wire->look;
        break;
    case AGENT_REPLY_CHANGE:
    case AGENT_REPLY_RENEW:
    case AGENT_REPLY_REPAIR:
        reply.trace = wire->trace;
        break;
    case AGENT_REPLY_UNDO:
        reply.undo = wire->undo;
        break;
    }
    return reply;
}

void agent_inbox_done(struct agent_inbox *inbox)
{
    for (struct agent_reply *reply; (reply = g_queue_pop_head(&inbox->replies)); g_free(reply))
        agent_reply_done(reply);
}

/* One reply from the socket into its inbox; one that nobody waits for any more is dropped. */
static int sort_one(struct agent *agent, struct error *error)
{
    CLEANUP_CLOSE int fd = -1;
    struct wire_reply wire;
    gpointer inbox;
    int result = receive_wire(agent, &wire, &fd, error);
    if (result)
        return result;
    if (!g_hash_table_steal_extended(agent->pending, GUINT_TO_POINTER(wire.id), NULL, &inbox))
        return 0;
    struct agent_reply reply = decode(&wire, fd);
    g_queue_push_tail(&((struct agent_inbox *)inbox)->replies, g_memdup2(&reply, sizeof reply));
    return 0;
}

int agent_receive(struct agent *agent, struct agent_inbox *inbox, struct agent_reply *ret_reply,
                  struct error *error)
{
    for (;;) {
        g_autofree struct agent_reply *reply = g_queue_pop_head(&inbox->replies);
        if (reply) {
            *ret_reply = *reply;
            return 0;
        }
        int result = sort_one(agent, error);
        if (result)
            return result;
    }
}

/* ---- Requests that wait ---- */

static int wait_readable(const struct agent *agent, gint64 deadline, struct error *error)
{
    gint64 rest_ms = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
    int ready = interrupt_poll(agent->socket, POLLIN, (int)CLAMP(rest_ms, 0, G_MAXINT));
    if (ready == 0)
        return error_set(error, ETIMEDOUT, "the %s helper for rules, process %ld, does not answer in time",
                         agent_family_name(agent), (long)agent->pid);
    if (ready == -EINTR)
        return error_set(error, EINTR,
                         "interrupted by a signal while waiting for the %s helper for rules, process %ld",
                         agent_family_name(agent), (long)agent->pid);
    if (ready < 0)
        return error_set(error, -ready, "cannot wait for the %s helper for rules: %s",
                         agent_family_name(agent), g_strerror(-ready));
    return 0;
}

static int await(struct agent *agent, uint32_t id, struct agent_inbox *inbox, int timeout_ms,
                 struct agent_reply *ret_reply, struct error *error)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;
    struct error problem;
    int result;
    while ((result = agent_receive(agent, inbox, ret_reply, &problem)) == -EAGAIN) {
        result = wait_readable(agent, deadline, &problem);
        if (result)
            break;
    }
    if (result) {
        g_hash_table_remove(agent->pending, GUINT_TO_POINTER(id));
    } else if (ret_reply->result) {
        result = ret_reply->result;
        problem = ret_reply->error;
    }
    if (result && error)
        *error = problem;
    return result;
}

int agent_await_hello(struct agent *agent, int timeout_ms, struct error *error)
{
    struct agent_inbox inbox = {0};
    struct agent_reply hello;
    g_hash_table_insert(agent->pending, GUINT_TO_POINTER(0), &inbox);
    return await(agent, 0, &inbox, timeout_ms, &hello, error);
}

int agent_ask(struct agent *agent, struct wire_request *request, int timeout_ms,
              struct agent_reply *ret_reply, struct error *error)
{
    struct agent_inbox inbox = {0};
    int result = agent_send(agent, &inbox, request, error);
    return result ? result : await(agent, request->id, &inbox, timeout_ms, ret_reply, error);
}
