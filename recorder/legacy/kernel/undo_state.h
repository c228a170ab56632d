/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts back what a recording's state tells of, in the calling thread's network namespace: for those who
 * outlive its agents. */
#ifndef IPTRACE_LEGACY_KERNEL_UNDO_STATE_H
#define IPTRACE_LEGACY_KERNEL_UNDO_STATE_H

#include "recorder/legacy/agent/xtables_lock.h"
#include "recorder/restore/guard.h"

/* One of its families: rules by the tag, and the logger where the former one is known. */
int undo_state_family(const struct state *state, size_t i, enum xtables_lock_wait wait, struct error *error);

/* All of them, for as long as the xtables lock takes; the error is the first. */
extern const struct guard_task undo_state_task;

#endif
