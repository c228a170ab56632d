/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A witness is a second source that tells of packets which a backend tells of: it says more of a path before
 * that is handed on. A backend asks its witnesses itself, for it alone knows when a path has ended. */
#ifndef IPTRACE_CORE_WITNESS_H
#define IPTRACE_CORE_WITNESS_H

#include "recorder/core/finished_path.h"

/* The first member of every witness. */
struct witness {
    /* False where it may yet learn of the packet what it has not been told: the path waits and is asked for
     * again, as long as paths may wait at all. `packet` is as struct finished_path has it, `time_ns` since
     * the epoch. Null: it never waits. */
    bool (*may_go)(struct witness *witness, struct bytes packet, uint64_t time_ns);
    /* Adds what it knows to head and steps: `steps` are those of the path. The strings that it adds stay
     * valid until the path was handed on. */
    void (*testify)(struct witness *witness, struct finished_path *path, struct step *steps);
};

#endif
