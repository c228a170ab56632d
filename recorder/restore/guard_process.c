/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The guard's process. */
#include "recorder/restore/guard_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/helper.h"
#include "recorder/system/privileges.h"

#define UNDO_ATTEMPTS    50
#define UNDO_INTERVAL_MS 100

static void send_reply(const struct guard_reply *reply)
{
    while (send(HELPER_SOCKET, reply, sizeof *reply, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* The length received; 0 at the end, which a wrong message is as well. */
static bool receive(struct state *ret_state)
{
    ssize_t length;
    do
        length = recv(HELPER_SOCKET, ret_state, sizeof *ret_state, MSG_TRUNC);
    while (length < 0 && errno == EINTR);
    return length == sizeof *ret_state && state_check(ret_state) == 0;
}

/* For as long as the lock takes, and a while against other obstacles. Where it fails the state file, if it
 * was written, stays for the next who looks. */
static int undo(const struct guard_task *task, const struct state *state, bool is_written,
                struct error *error)
{
    int result = task->undo(state, error);
    for (int i = 1; i < UNDO_ATTEMPTS && result < 0; i++) {
        g_usleep(UNDO_INTERVAL_MS * 1000ul);
        result = task->undo(state, error);
    }
    return result < 0 || !is_written ? result : state_remove(state, error);
}

/* It is small, and last in line where memory is short; best effort. */
static void be_spared(void)
{
    CLEANUP_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, "-900", 4) < 0)
        return;
}

void guard_process_run(const struct guard_task *task, int netns_fd, int socket)
{
    struct guard_reply hello = {0}, armed = {0}, end = {0};
    struct state state, more;
    helper_begin("iptrace-guard");
    if (netns_fd >= 0 && setns(netns_fd, CLONE_NEWNET) < 0)
        hello.result = error_set(&hello.error, errno, "the guard cannot enter the network namespace: %s",
                                 g_strerror(errno));
    if (helper_keep_socket(socket) < 0)
        _exit(1);
    be_spared();
    privileges_keep_for_rules();
    send_reply(&hello);
    if (hello.result < 0 || !receive(&state))
        _exit(0);
    armed.result = state_write(&state, &armed.error);
    send_reply(&armed);
    receive(&more);
    end.result = undo(task, &state, armed.result == 0, &end.error);
    send_reply(&end);
    _exit(0);
}
