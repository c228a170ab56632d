/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A small process that outlives the recorder and its agents, and puts back what they leave.
 *
 * There is one per namespace of a recording. It sleeps on a socket; when that closes, however the recorder
 * died, it has everything undone that the state describes, and removes the state file. The agents do the same
 * for their family; both at once do no harm, because each removes only what is there. The guard covers the
 * case that agents die too, and they cover the case that the guard dies; a recorder that sees one of them die
 * ends, because it could no longer promise to leave nothing behind. In case all die at once, the rules have
 * an expiry date, and the state file tells --cleanup the rest. Only the backend knows how to undo
 * something. */
#ifndef IPTRACE_RESTORE_GUARD_H
#define IPTRACE_RESTORE_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/core/error.h"
#include "recorder/restore/state.h"

struct guard;

/* What it is to do, and needs for that after the fork; must stay valid for ever. */
struct guard_task {
    /* Runs in the guard's process, in the namespace: puts back what the state describes and is still there;
     * it may wait for a lock for ever. If it fails, it is retried for a few seconds. */
    int (*undo)(const struct state *state, struct error *error);
    const char *lock; /* path of the lock file, for messages */
};

/* Forks the guard; call it before privileges are dropped. Like an agent, it has a session of its own and no
 * descriptor but its socket, and is in the namespace of `netns_fd` (which stays the caller's). Nothing is
 * guarded yet. */
int guard_open(struct guard **ret_guard, const struct guard_task *task, int netns_fd, struct error *error);

/* Tells the guard what there will be to undo; call it once, before anything is changed. The guard writes the
 * state file; if it cannot, the result is still 0 and `ret_note` says so; else `ret_note` is empty. */
int guard_arm(struct guard *guard, const struct state *state, int timeout_ms, struct error *ret_note,
              struct error *error);

/* Whether the guard is still alive. */
bool guard_is_alive(const struct guard *guard);
pid_t guard_pid(const struct guard *guard);

/* Makes the guard undo what is left, remove the state file and exit, and waits for that. Call it after the
 * agents are closed and the xtables lock is released. Frees the guard in any case; null is allowed. */
int guard_close(struct guard *guard, int timeout_ms, struct error *error);

#endif
