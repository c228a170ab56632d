/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Watches the rules of a namespace: legacy iptables announces no change, so changes are found by looking at
 * the tables (rule_watch.h says when). Every iptables-legacy command of this mount namespace opens the
 * xtables lock, and if auditing is on, the kernel itself reports that a table is replaced: both are immediate
 * signs of a change. */
#ifndef IPTRACE_LEGACY_KERNEL_WATCH_H
#define IPTRACE_LEGACY_KERNEL_WATCH_H

#include <poll.h>

#include "recorder/legacy/agent/agent.h"
#include "recorder/legacy/kernel/rule_watch.h"
#include "recorder/legacy/walk/pipeline.h"

#define WATCH_FAMILIES_MAX 2
#define WATCH_FDS_MAX      (2 + WATCH_FAMILIES_MAX)

struct watch;

/* To be called before the rules are first read. A lock file that cannot be watched is reported once; the
 * looks go on. `place` (report.h) says what notes are about; it stays the caller's. */
int watch_open(struct watch **ret_watch, struct pipeline *pipeline, const char *place, struct error *error);

/* Watches another lock file: that of a container whose iptables use a different one. If it is the same, or
 * cannot be seen, the looks must suffice. To be called before the rules are first read. */
void watch_add_lock(struct watch *watch, const char *path);

/* Adds a family, as it is in the book: `state` is from a look at all entries that began at `read`. The agent
 * stays the caller's, and must be closed before the watch. `reads_all`: the book has only the rules of raw,
 * and has been under suspicion since before that look: the watch begins by reading. */
void watch_add(struct watch *watch, struct agent *agent, const struct ruleset_state *state,
               struct moment read, bool reads_all);

/* Our own agents have taken or are about to take the lock `own_locks` more times, which does not mean that
 * somebody's rules change. */
void watch_forgive(struct watch *watch, unsigned own_locks);

/* True until all families' rules have been read once. */
bool watch_is_reading(const struct watch *watch);

/* False while there are messages that no look at the rules has confirmed. */
bool watch_is_sure(const struct watch *watch);

/* When the next turn is due if nothing happens before. */
struct monotonic watch_due(const struct watch *watch);

/* Makes the next look due at once, whatever it costs, because the recording ends. */
void watch_hurry(struct watch *watch);

/* Our own rules were removed between the two times (realtime). */
void watch_note_removal(struct watch *watch, struct interval removal);

/* Fills in what to poll for; returns how many. */
size_t watch_fds(const struct watch *watch, struct pollfd fds[static WATCH_FDS_MAX]);

/* Takes what there is and does what is due; never waits. Call it each time before the source is drained.
 * -EPIPE: an agent has ended. */
int watch_turn(struct watch *watch, struct error *error);

/* All packets have been handed out: records in the file what no look has confirmed. */
void watch_finish(struct watch *watch);

/* Null is allowed. */
void watch_close(struct watch *watch);

#endif
