/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* In which order a recording changes the kernel and puts it back, what is changed at any moment, and what is
 * left if the processes that should put it back were killed. Pure: no descriptor and no clock; the caller
 * does each step, and passes in its result.
 *
 *   step       by            of each    is changed from then on
 *   LEFTOVERS  this process             what killed recorders left is put back
 *   READ       agent         family
 *   LIMIT      this process
 *   ARM        guard                    nothing; it knows what there will be to put back
 *   LOGGER     agent         family     the logger
 *   RULES      agent         family     TRACE rules are installed, and table raw may be new
 *   TABLES     agent         family
 *   BIND       agent         family
 *   RUNNING    --
 *   REMOVE     agent         family     TRACE rules are removed
 *   STOPPED    --
 *   CLOSE      agent         family     nothing more, except if the agent is dead …
 *   GUARD      guard                    … nor then, except if the guard is dead too
 *   ENTER      this process             (only then, and only if it still has the privileges)
 *   UNDO       this process  family
 *   FORGET     this process             the state file
 *   LEAVE      this process
 *   CLOSED     --
 *
 * LOGGER, RULES and TABLES are done for one family and then for the next. */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_STATE_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/core/error.h"
#include "recorder/core/monotonic.h"

#define KERNEL_LOOK_NS 200000000ull /* between checks whether everything is in place */

enum kernel_step {
    KERNEL_LEFTOVERS,
    KERNEL_READ,
    KERNEL_LIMIT,
    KERNEL_ARM,
    KERNEL_LOGGER,
    KERNEL_RULES,
    KERNEL_TABLES,
    KERNEL_BIND,
    KERNEL_RUNNING,
    KERNEL_REMOVE,
    KERNEL_STOPPED,
    KERNEL_CLOSE,
    KERNEL_GUARD,
    KERNEL_ENTER,
    KERNEL_UNDO,
    KERNEL_FORGET,
    KERNEL_LEAVE,
    KERNEL_CLOSED,
};

struct kernel_state {
    enum kernel_step step; /* the next one to do; RUNNING, STOPPED, CLOSED: none */
    size_t family;         /* the index of the family, for steps that are done for each */
    size_t count;
    bool installs; /* TRACE rules of our own */
    struct kernel_changes {
        unsigned version; /* 4, 6 */
        bool logger;      /* it may be ours: it has certainly not been put back */
        bool rules;       /* likewise, our rules may be installed */
        bool raw_created; /* it stays: a table cannot be removed */
        bool is_left;     /* something is left: the agent that should have put it back is dead */
    } families[2];
    bool guard_is_dead, has_entered;
    int result; /* the first error of the end, since kernel_state_stop() or _close() */
    struct monotonic looked;
};

/* Begins with `count` families, of which nothing is changed yet. */
void kernel_state_init(struct kernel_state *state, const unsigned *versions, size_t count, bool installs);

/* Takes the result of the step, 0 or negative errno. At the start, no next step comes after an error:
 * kernel_state_close() must then be called. At the end, the next step always comes. A step that failed may
 * have been half done. */
void kernel_state_take(struct kernel_state *state, int result);

/* The recording ends: no packets are to be traced from now on. Does nothing if it has not begun. */
void kernel_state_stop(struct kernel_state *state);

/* Everything is to be put back, whatever the current step. */
void kernel_state_close(struct kernel_state *state);

/* True if it is time to check that everything that was changed is still as it was left; at most once per
 * KERNEL_LOOK_NS. */
bool kernel_state_must_look(struct kernel_state *state, struct monotonic now);

/* Once closed: what is left, in a sentence that says what will remove it; empty if nothing is. `netns`: the
 * name of the namespace; empty for the recorder's own. */
void kernel_state_tell_left(const struct kernel_state *state, const char *netns, struct error *ret_left);

#endif
