/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each of our processes may do, and gives up. docs/privileges.md tells why. */
#ifndef IPTRACE_SYSTEM_PRIVILEGES_H
#define IPTRACE_SYSTEM_PRIVILEGES_H

#include <stdbool.h>

#include "recorder/core/error.h"

/* For an agent or the guard, once it is in its namespace: keeps CAP_NET_ADMIN and CAP_NET_RAW, and
 * CAP_SYS_MODULE for modprobe; for a user other than root also CAP_DAC_OVERRIDE, for files of root's in /run
 * and /proc. Best effort: what cannot be given up stays. */
void privileges_keep_for_rules(void);

/* Whether rules and loggers can (still) be changed. */
bool privileges_suffice_for_rules(void);

struct privileges_plan {
    bool opens_files; /* goes on making files (-b): keeps its user, and root CAP_DAC_OVERRIDE, under sudo
                         CAP_CHOWN too */
};

/* For the process that reads packets, when all it needs is open: user nobody (if it is root), no group, no
 * capability, no new privileges, and a seccomp filter of the system calls that the loop makes. What the
 * kernel does not allow here is not done: `ret_lacks` then has a clause for each ("it stays user root: …"),
 * and is empty where all was given up. The sanitizers' system calls are too many: no filter in such a build. */
int privileges_drop(const struct privileges_plan *plan, struct error *ret_lacks, struct error *error);

#endif
