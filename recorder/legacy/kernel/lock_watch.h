/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether anybody has the xtables lock: every iptables-legacy command opens its file, and closes it when it
 * is done. inotify reports that, but not who it was.
 *
 * The directory is watched and not the file: the file may appear later (a container's first iptables creates
 * it), may be replaced, and can be read only by root. */
#ifndef IPTRACE_LEGACY_KERNEL_LOCK_WATCH_H
#define IPTRACE_LEGACY_KERNEL_LOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/core/error.h"

/* Callers may read it; only the functions below change it. */
struct lock_watch {
    const char *place;
    int fd;             /* of inotify: readable when something happened */
    int openings;       /* by others, i.e. without ours as far as they are known: see lock_watch_forgive() */
    unsigned holders;   /* processes that have a lock open, counting only those seen to open it */
    uint64_t turned_ns; /* when the last turn read the events */
    uint64_t closed_ns; /* latest time at which a lock was last closed, as seen; 0: never */
};

/* From now on openings are counted. A lock that cannot be watched is reported once, as being about `place`
 * (report.h; it stays the caller's), and is not an error. */
int lock_watch_open(struct lock_watch *lock, const char *place, uint64_t now_ns, struct error *error);

/* Watches another lock file, unless it is the same. One that cannot be seen is not an error. */
void lock_watch_add(struct lock_watch *lock, const char *path);

/* Reads what happened since the last turn, and sets turned_ns. Returns the number of openings and
 * closings. */
unsigned lock_watch_turn(struct lock_watch *lock, uint64_t now_ns);

/* Our own processes have taken or are about to take a lock `own_locks` times: these openings are not counted
 * as others'. */
void lock_watch_forgive(struct lock_watch *lock, unsigned own_locks);

void lock_watch_close(struct lock_watch *lock);

#endif
