/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order a recording changes the kernel and puts it back, what of it is changed at any moment, and
 * what is left where those who should put it back were killed. Pure: no descriptor and no clock; each step is
 * the caller's to do, and its result is handed in.
 *
 *   step       by            of each    is changed from then on
 *   LEFTOVERS  this process             what killed recorders left is put back
 *   READ       agent         family
 *   LIMIT      this process
 *   ARM        guard                    nothing; it knows what there will be to put back
 *   LOGGER     agent         family     the logger
 *   RULES      agent         family     TRACE rules are in, and table raw may be new
 *   TABLES     agent         family
 *   BIND       agent         family
 *   RUNNING    --
 *   REMOVE     agent         family     TRACE rules are out
 *   STOPPED    --
 *   CLOSE      agent         family     nothing more, but where the agent is dead …
 *   GUARD      guard                    … nor there, but where the guard is dead too
 *   ENTER      this process             (only then, and only where it still has the privileges)
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

#define KERNEL_LOOK_NS 200000000ull /* between looks whether all is in place */

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
    size_t family;         /* of which family, where it is done for each */
    size_t count;
    bool installs; /* TRACE rules of our own */
    struct kernel_changes {
        unsigned version; /* 4, 6 */
        bool logger;      /* it may be ours: nobody has put it back for certain */
        bool rules;       /* likewise, our rules may be in */
        bool raw_created; /* that stays: a table cannot be removed */
        bool is_left;     /* and the agent is dead that should have put it back */
    } families[2];
    bool guard_is_dead, has_entered;
    int result; /* the first error of the end, since kernel_state_stop() or _close() */
    struct monotonic looked;
};

/* Nothing is changed yet, of `count` families. */
void kernel_state_init(struct kernel_state *state, const unsigned *versions, size_t count, bool installs);

/* The result of the step, 0 or negative errno. Whether the next one comes: at the start, not after an error,
 * and then kernel_state_close() is called; at the end, always. What failed may have been done by half. */
void kernel_state_take(struct kernel_state *state, int result);

/* The recording ends: no packet is to be traced from now on. Nothing where it has not begun. */
void kernel_state_stop(struct kernel_state *state);

/* Everything is to be put back, at whatever step it is. */
void kernel_state_close(struct kernel_state *state);

/* True where it is time to look whether all that was changed is still as it was left; at most once in
 * KERNEL_LOOK_NS. */
bool kernel_state_must_look(struct kernel_state *state, struct monotonic now);

/* Once closed: what is left, in a sentence that says who takes it out; empty where nothing is. `netns`: the
 * name of the namespace, empty for the own one. */
void kernel_state_tell_left(const struct kernel_state *state, const char *netns, struct error *ret_left);

#endif
