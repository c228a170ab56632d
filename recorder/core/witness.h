/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A witness is a second source on the same packets as a backend: it adds what it knows to a path before that
 * is handed on. A backend asks its witnesses itself, because only the backend knows when a path has ended. */
#ifndef IPTRACE_CORE_WITNESS_H
#define IPTRACE_CORE_WITNESS_H

#include "recorder/core/finished_path.h"

/* The first member of every witness. */
struct witness {
    /* False if it may yet learn something about the packet: the path waits, and the witness is asked again,
     * for as long as paths may wait at all. `packet` is as struct finished_path has it, `time_ns` since the
     * epoch. If the function is null, it never waits. */
    bool (*may_go)(struct witness *witness, struct bytes packet, uint64_t time_ns);
    /* Adds what it knows to head and steps: `steps` are those of the path. The strings that it adds stay
     * valid until the path has been handed on. */
    void (*testify)(struct witness *witness, struct finished_path *path, struct step *steps);
};

#endif
