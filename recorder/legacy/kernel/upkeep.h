/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps our rules and loggers in place while a recording runs.
 *
 * Our rules bear a date after which they match nothing, for the day when recorder, agents and guard die
 * together, and are renewed before it comes. A renewal replaces table raw, which resets the counts of a
 * user's limit, quota and nth matches there (the kernel keeps those in the rule); so the date is far where
 * raw holds rules of somebody else's, and near where it does not. A renewal changes nothing in the text of
 * the user's rules.
 *
 * Somebody else may take our rules out (iptables-restore, iptables -F), or turn the kernel to another logger
 * (a write to nf_log; ulogd's PF_UNBIND, which leaves it with none): seen within a second, and put back a few
 * times a minute. */
#ifndef IPTRACE_LEGACY_KERNEL_UPKEEP_H
#define IPTRACE_LEGACY_KERNEL_UPKEEP_H

#include "recorder/legacy/kernel/kernel_family.h"

/* See kernel_tick; each call is a look. */
int upkeep_look(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error);

#endif
