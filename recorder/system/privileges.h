/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What each of our processes may do, and what it gives up. docs/privileges.md explains why. */
#ifndef IPTRACE_SYSTEM_PRIVILEGES_H
#define IPTRACE_SYSTEM_PRIVILEGES_H

#include <stdbool.h>

#include "recorder/core/error.h"

/* For an agent or the guard, once it is in its namespace: keeps CAP_NET_ADMIN and CAP_NET_RAW, and
 * CAP_SYS_MODULE for modprobe; for a user other than root also CAP_DAC_OVERRIDE, for root's files in /run and
 * /proc. Best effort: what cannot be given up is kept. */
void privileges_keep_for_rules(void);

/* Whether rules and loggers can (still) be changed. */
bool privileges_suffice_for_rules(void);

struct privileges_plan {
    /* It goes on creating files (-b): keeps its user; root also keeps CAP_DAC_OVERRIDE and, under sudo,
     * CAP_CHOWN. */
    bool opens_files;
};

/* For the process that reads packets, once everything it needs is open: user nobody (if it was root), no
 * groups, no capabilities, no new privileges, and a seccomp filter that allows the loop's system calls. What
 * the kernel does not permit here is not done: `ret_lacks` then has a clause for each ("it stays user root:
 * …"); it is empty if everything was given up. A build with sanitizers has no filter, because they make too
 * many system calls. */
int privileges_drop(const struct privileges_plan *plan, struct error *ret_lacks, struct error *error);

#endif
