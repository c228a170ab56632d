/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Keeps our rules and loggers in place while a recording runs.
 *
 * Our rules have a date after which they match nothing, in case recorder, agents and guard die together, and
 * are renewed before it comes. A renewal replaces table raw, which resets the state of a user's limit, quota
 * and nth matches there (the kernel keeps it in the rule); so the date is far off if raw holds rules of
 * somebody else, and near if it does not. A renewal does not change the text of the user's rules.
 *
 * Somebody else may remove our rules (iptables-restore, iptables -F), or set another logger (a write to
 * nf_log; ulogd's PF_UNBIND, which leaves none): this is noticed within a second, and repaired a few times
 * per minute at most. */
#ifndef IPTRACE_LEGACY_KERNEL_UPKEEP_H
#define IPTRACE_LEGACY_KERNEL_UPKEEP_H

#include "recorder/legacy/kernel/kernel_family.h"

/* See kernel_tick(); each call makes a check. */
int upkeep_look(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error);

#endif
