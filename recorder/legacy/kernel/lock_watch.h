/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who has the xtables lock: every iptables-legacy command opens its file, and closes it when it is done. What
 * inotify tells of that, counted: who it was, it does not say.
 *
 * The directory is watched and not the file: the file may appear later (a container's first iptables makes
 * it), may be replaced, and is root's alone to read. */
#ifndef IPTRACE_LEGACY_KERNEL_LOCK_WATCH_H
#define IPTRACE_LEGACY_KERNEL_LOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/core/error.h"

/* To be read by whomever has it; changed by the functions below. */
struct lock_watch {
    const char *place;
    int fd;             /* inotify's: readable when something happened */
    int openings;       /* by others, as far as ours are known: see lock_watch_forgive() */
    unsigned holders;   /* processes that have a lock open, as far as they were seen to open it */
    uint64_t turned_ns; /* when the last turn read what happened */
    uint64_t closed_ns; /* when a lock was last seen to be closed, at the latest; 0: never */
};

/* From here on openings are counted. A lock that cannot be watched is reported once, as about `place`
 * (report.h, it stays the caller's), and is no error. */
int lock_watch_open(struct lock_watch *lock, const char *place, uint64_t now_ns, struct error *error);

/* Watches a further lock file, unless it is the same. One that cannot be seen is no error. */
void lock_watch_add(struct lock_watch *lock, const char *path);

/* Takes what happened since the last turn, and sets turned_ns. Returns the number of openings and closings. */
unsigned lock_watch_turn(struct lock_watch *lock, uint64_t now_ns);

/* Our own processes have, or are about to have, a lock so many times: that is nobody else's opening. */
void lock_watch_forgive(struct lock_watch *lock, unsigned own_locks);

void lock_watch_close(struct lock_watch *lock);

#endif
