/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The recorder's side of its guard. */
#include "recorder/restore/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/restore/guard_process.h"
#include "recorder/system/interrupt.h"

#define HELLO_TIMEOUT_MS 5000

struct guard {
    const struct guard_task *task;
    pid_t pid;
    int socket;
    bool is_armed;
};

static int ended_error(const struct guard *guard, struct error *error)
{
    return error_set(error, EPIPE, "the guard, process %ld, has ended unexpectedly", (long)guard->pid);
}

static int await(const struct guard *guard, int timeout_ms, struct guard_reply *ret_reply,
                 struct error *error)
{
    int ready = interrupt_poll(guard->socket, POLLIN, timeout_ms);
    if (ready == 0 || ready == -EINTR)
        return error_set(
            error, ready == 0 ? ETIMEDOUT : EINTR,
            "the guard, process %ld, has not finished yet: it keeps trying, perhaps waiting for the lock %s",
            (long)guard->pid, guard->task->lock);
    if (recv(guard->socket, ret_reply, sizeof *ret_reply, MSG_DONTWAIT) != sizeof *ret_reply)
        return ended_error(guard, error);
    return 0;
}

static void free_guard(struct guard *guard)
{
    cleanup_close(&guard->socket);
    g_free(guard);
}

int guard_open(struct guard **ret_guard, const struct guard_task *task, int netns_fd, struct error *error)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set(error, errno, "cannot create a socket pair for the guard: %s", g_strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        guard_process_run(task, netns_fd, pair[1]);
    int err = errno;
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return error_set(error, err, "cannot start the guard: %s", g_strerror(err));
    }
    struct guard *guard = g_new0(struct guard, 1);
    *guard = (struct guard){.task = task, .pid = pid, .socket = pair[0]};
    struct guard_reply hello = {0};
    int result = await(guard, HELLO_TIMEOUT_MS, &hello, error);
    if (result == 0 && hello.result < 0) {
        result = hello.result;
        if (error)
            *error = hello.error;
    }
    if (result < 0) {
        free_guard(guard);
        waitpid(pid, NULL, WNOHANG);
        return result;
    }
    *ret_guard = guard;
    return 0;
}

int guard_arm(struct guard *guard, const struct state *state, int timeout_ms, struct error *ret_note,
              struct error *error)
{
    struct guard_reply armed = {0};
    if (send(guard->socket, state, sizeof *state, MSG_NOSIGNAL) != sizeof *state)
        return ended_error(guard, error);
    guard->is_armed = true;
    int result = await(guard, timeout_ms, &armed, error);
    if (result < 0)
        return result;
    if (armed.result < 0)
        *ret_note = armed.error;
    else
        ret_note->text[0] = '\0';
    return 0;
}

bool guard_is_alive(const struct guard *guard)
{
    struct pollfd wait = {.fd = guard->socket, .events = POLLIN};
    return poll(&wait, 1, 0) == 0;
}

pid_t guard_pid(const struct guard *guard)
{
    return guard->pid;
}

/* A guard that was never armed says nothing at its end. */
static int take_end(const struct guard *guard, struct error *error)
{
    struct guard_reply end;
    if (recv(guard->socket, &end, sizeof end, MSG_DONTWAIT) != sizeof end)
        return guard->is_armed ? ended_error(guard, error) : 0;
    if (end.result < 0 && error)
        *error = end.error;
    return end.result;
}

int guard_close(struct guard *guard, int timeout_ms, struct error *error)
{
    struct guard_reply none;
    if (!guard)
        return 0;
    shutdown(guard->socket, SHUT_WR);
    int result = interrupt_poll(guard->socket, POLLIN, timeout_ms) == 1 ? take_end(guard, error)
                                                                        : await(guard, 0, &none, error);
    if (result == 0 || result == -EPIPE)
        waitpid(guard->pid, NULL, 0);
    free_guard(guard);
    return result;
}
