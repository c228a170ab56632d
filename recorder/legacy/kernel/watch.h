/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches the rules of a namespace: legacy iptables announces no change, so it is found out by looking at the
 * tables (rule_watch.h says when). Every iptables-legacy command of this mount namespace opens the xtables
 * lock, and where audit is on the kernel says itself that a table is replaced: both speak for a change at
 * once. */
#ifndef IPTRACE_LEGACY_KERNEL_WATCH_H
#define IPTRACE_LEGACY_KERNEL_WATCH_H

#include <poll.h>

#include "recorder/legacy/agent/agent.h"
#include "recorder/legacy/kernel/rule_watch.h"
#include "recorder/legacy/walk/pipeline.h"

#define WATCH_FAMILIES_MAX 2
#define WATCH_FDS_MAX      (2 + WATCH_FAMILIES_MAX)

struct watch;

/* Before the rules are first read. A lock file that cannot be watched is reported once; the looks remain.
 * `place` (report.h): whom notes are about; it stays the caller's. */
int watch_open(struct watch **ret_watch, struct pipeline *pipeline, const char *place, struct error *error);

/* Watches a further lock file: that of a container, whose iptables take another than ours. Where it is the
 * same, or cannot be seen, the looks must do. Before the rules are first read. */
void watch_add_lock(struct watch *watch, const char *path);

/* Adds a family, as the book knows it: `state` is of a look at all entries that began at `read`. The agent
 * stays the caller's, and is closed before the watch. `reads_all`: the book has no rules but those of raw,
 * and is under suspicion since before that look: the watch begins with reading. */
void watch_add(struct watch *watch, struct agent *agent, const struct ruleset_state *state,
               struct moment read, bool reads_all);

/* Our own agents have, or are about to have, the lock so many times more: that changes no rule of anybody's. */
void watch_forgive(struct watch *watch, unsigned own_locks);

/* True until all families' rules have been read once. */
bool watch_is_reading(const struct watch *watch);

/* False while there are messages that no look at the rules has confirmed. */
bool watch_is_sure(const struct watch *watch);

/* When the next turn is due, if nothing comes before. */
struct monotonic watch_due(const struct watch *watch);

/* The next look comes at once, whatever it costs: the recording ends. */
void watch_hurry(struct watch *watch);

/* Our own rules went out between the two times (realtime). */
void watch_note_removal(struct watch *watch, struct interval removal);

/* What to poll for; returns how many. */
size_t watch_fds(const struct watch *watch, struct pollfd fds[static WATCH_FDS_MAX]);

/* Takes what there is and does what is due; never waits. Call it before each draining of the source. -EPIPE:
 * an agent has ended. */
int watch_turn(struct watch *watch, struct error *error);

/* All packets have been handed out: what no look has confirmed goes into the file. */
void watch_finish(struct watch *watch);

/* Null is allowed. */
void watch_close(struct watch *watch);

#endif
