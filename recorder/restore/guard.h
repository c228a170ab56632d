/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small process that outlives the recorder and its agents, and puts back what they leave.
 *
 * One a namespace of a recording. It sleeps on a socket; when that closes, however the recorder died, it has
 * everything undone that the state tells of, and removes the state file. The agents do the same for their
 * family: two at once are harmless, for each removes only what is there. The guard is for the day when agents
 * die too, and they are for the day when the guard does; a recorder that sees one of them die ends, for it
 * could no longer promise to leave nothing behind. For the day when all die at once the rules bear a date,
 * and the state file tells the rest to --cleanup. How something is undone is for the backend to know. */
#ifndef IPTRACE_RESTORE_GUARD_H
#define IPTRACE_RESTORE_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/core/error.h"
#include "recorder/restore/state.h"

struct guard;

/* What it is for, and works with after the fork: valid for ever. */
struct guard_task {
    /* In the guard's process and the namespace: puts back what the state tells of and is still there; it may
     * wait for ever for a lock. Called again, a few seconds long, where it fails. */
    int (*undo)(const struct state *state, struct error *error);
    const char *lock; /* that file, for sentences */
};

/* Forks it. Like an agent: before privileges are dropped, a session of its own, no descriptor but its socket,
 * in the namespace of `netns_fd` (which stays the caller's). Nothing is guarded yet. */
int guard_open(struct guard **ret_guard, const struct guard_task *task, int netns_fd, struct error *error);

/* Before anything is changed: what there will be to undo. The guard writes the state file; where it cannot,
 * the answer is 0 all the same and `ret_note` (of the error's size) says so, else it is empty. Once only. */
int guard_arm(struct guard *guard, const struct state *state, int timeout_ms, struct error *ret_note,
              struct error *error);

/* Whether it still lives. */
bool guard_is_alive(const struct guard *guard);
pid_t guard_pid(const struct guard *guard);

/* Has it undo what is left, remove the state file and end; waits for it. Call it after the agents are closed
 * and the xtables lock is let go. Frees the guard in any case; null is allowed. */
int guard_close(struct guard *guard, int timeout_ms, struct error *error);

#endif
