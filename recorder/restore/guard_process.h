/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The guard's process, and its replies. */
#ifndef IPTRACE_RESTORE_GUARD_PROCESS_H
#define IPTRACE_RESTORE_GUARD_PROCESS_H

#include <stdint.h>

#include "recorder/restore/guard.h"

/* The protocol, over a SOCK_SEQPACKET pair. To the guard: one struct state, and then a shutdown of the
 * sending side. From the guard: one of these after the fork, after the state, and at the end. */
struct guard_reply {
    int32_t result;
    struct error error;
};

/* Serves `socket`, and never returns. */
void guard_process_run(const struct guard_task *task, int netns_fd, int socket) __attribute__((noreturn));

#endif
