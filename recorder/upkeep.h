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
#ifndef IPTRACE_UPKEEP_H
#define IPTRACE_UPKEEP_H

#include "recorder/kernel_family.h"

#define UPKEEP_LOOK_NS 200000000ull
#ifndef UPKEEP_LIFE_S             /* tests have no ten minutes */
#define UPKEEP_LIFE_S        600  /* of rules in a raw table of our own */
#define UPKEEP_LIFE_SHARED_S 3600 /* where somebody else has rules there */
#endif
#define UPKEEP_REPAIRS_MINUTE 3

/* When rules that are made at `now_s` shall match no more; `is_shared`: raw has rules of somebody else's. */
int64_t upkeep_life_s(bool is_shared);

/* Whether it is time to renew: half of the life is over, or the clock was set back. */
bool upkeep_is_due(int64_t date_stop, int64_t life_s, int64_t now_s);

/* See kernel_tick. */
int upkeep_tick(struct kernel *kernel, struct pipeline *pipeline, uint64_t now_ns, struct error *error);

#endif
