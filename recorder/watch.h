/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches the rules: legacy iptables announces no change, so it is found out, cheaply.
 *
 * Every iptables-legacy command of this mount namespace opens the xtables lock: from that moment on nothing
 * is claimed, until the lock was closed and the tables were looked at. Commands of other mount namespaces are
 * found by the tables' sizes, twice a second, and by all of their entries, as often as costs at most 1 % of a
 * CPU (2 s at 20 000 rules). */
#ifndef IPTRACE_WATCH_H
#define IPTRACE_WATCH_H

#include <poll.h>

#include "recorder/pipeline.h"
#include "recorder/ruleset/agent.h"

#define WATCH_FAMILIES_MAX 2
#define WATCH_FDS_MAX      (1 + WATCH_FAMILIES_MAX)

struct watch;

/* Before the rules are first read. A lock file that cannot be watched is reported once; the looks remain. */
int watch_open(struct watch **ret_watch, struct pipeline *pipeline, struct error *error);

/* Watches a further lock file: that of a container, whose iptables take another than ours. Where it is the
 * same, or cannot be seen, the looks must do. Before the rules are first read. */
void watch_add_lock(struct watch *watch, const char *path);

/* Adds a family, as the book knows it: `state` is of a deep look. The agent stays the caller's. `reads_all`:
 * the book has no rules but those of raw, and is under suspicion since before that look: the watch begins
 * with reading. */
void watch_add(struct watch *watch, struct agent *agent, const struct ruleset_state *state, bool reads_all);

/* After the last family was added, before the first turn: `own_locks` is how often our own agents had the
 * lock since watch_open(). */
void watch_begin(struct watch *watch, unsigned own_locks);

/* Our own agents have, or are about to have, the lock so many times more: that changes no rule of anybody's.
 */
void watch_forgive(struct watch *watch, unsigned own_locks);

/* True until all families' rules have been read once. */
bool watch_is_reading(const struct watch *watch);

/* False while the rules may have changed, and have not been looked at since. */
bool watch_is_sure(const struct watch *watch);

/* What to poll for; returns how many. */
size_t watch_fds(const struct watch *watch, struct pollfd fds[static WATCH_FDS_MAX]);

/* Takes what there is and does what is due; never waits. Call it before each draining of the source. -EPIPE:
 * an agent has ended. */
int watch_turn(struct watch *watch, struct error *error);

/* Null is allowed. */
void watch_close(struct watch *watch);

#endif
