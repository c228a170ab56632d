/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts back what a recording's state describes, in the calling thread's network namespace: for processes that
 * outlive its agents. */
#ifndef IPTRACE_LEGACY_KERNEL_UNDO_STATE_H
#define IPTRACE_LEGACY_KERNEL_UNDO_STATE_H

#include "recorder/legacy/agent/xtables_lock.h"
#include "recorder/restore/guard.h"

/* Puts back one of its families: removes rules by the tag, and restores the logger if the former one is
 * known. */
int undo_state_family(const struct state *state, size_t i, enum xtables_lock_wait wait, struct error *error);

/* The guard's task: puts back all of them, however long the xtables lock takes, and returns the first
 * error. */
extern const struct guard_task undo_state_task;

#endif
