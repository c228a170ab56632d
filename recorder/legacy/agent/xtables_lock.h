/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The lock that every iptables-legacy command takes: flock on /run/xtables.lock of this mount namespace. */
#ifndef IPTRACE_LEGACY_AGENT_XTABLES_LOCK_H
#define IPTRACE_LEGACY_AGENT_XTABLES_LOCK_H

#include "recorder/core/error.h"

#define XTABLES_LOCK_FILE       "/run/xtables.lock"
#define XTABLES_LOCK_TIMEOUT_MS 5000

enum xtables_lock_wait {
    XTABLES_LOCK_BOUNDED, /* XTABLES_LOCK_TIMEOUT_MS, then -EBUSY naming the holder */
    XTABLES_LOCK_FOREVER, /* for a process with nothing else left to do */
    XTABLES_LOCK_HELD,    /* the caller's parent holds it already: does not take it */
};

/* Sets *ret_fd to the locked file, which is unlocked by closing it, or to -1 if no lock is taken: `wait` is
 * XTABLES_LOCK_HELD, or the file cannot be opened for lack of privilege (-EACCES, -EPERM and -EROFS are not
 * errors here). -EBUSY: held by another process; -EINTR: a signal came (interrupt.h). */
int xtables_lock_take(enum xtables_lock_wait wait, int *ret_fd, struct error *error);

#endif
