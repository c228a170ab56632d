/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Installs our TRACE rules in table raw, ahead of all others, and removes them again. */
#ifndef IPTRACE_LEGACY_AGENT_TRACE_INSTALL_H
#define IPTRACE_LEGACY_AGENT_TRACE_INSTALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/trace_rule.h"
#include "recorder/legacy/agent/xtables_lock.h"

struct trace_report {
    uint32_t installed; /* rules installed, in both chains together */
    uint32_t removed;   /* rules of ours removed */
    /* Counters of the removed rules, without packets that came between reading the table and changing it. */
    uint64_t matched;   /* packets that the limit was applied to; 0 without a limit */
    uint64_t traced;    /* of them, those that it let pass; without a limit, all that were traced */
    bool table_created; /* table raw did not exist before; it stays, empty, because it cannot be removed */
    bool unlocked;      /* the xtables lock could not be opened: done without it */
};

/* For all functions, the namespace is the calling thread's. Each does one read and one commit of the whole
 * table, under the xtables lock, and keeps the counters of the other rules. Own rules are found by their tag,
 * never by number. `ret_report` may be NULL. -EPERM, -EACCES: no CAP_NET_ADMIN and CAP_NET_RAW;
 * -EPROTONOSUPPORT: the kernel lacks the legacy tables, TRACE, bpf, …; -EBUSY: somebody holds the lock;
 * -EINVAL: the options are invalid. */

/* Installs the rules, replacing those with this tag if there are any. */
int trace_install(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                  struct trace_report *ret_report, struct error *error);

/* Replaces the rules with this tag by those of `options`, with a new date; -ENOENT if they are gone. */
int trace_renew(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                struct trace_report *ret_report, struct error *error);

/* Removes the rules with this tag (NULL: any tag). If there are none, that is not an error, and nothing is
 * committed. */
int trace_remove(enum ip_family family, const char *tag, enum xtables_lock_wait wait,
                 struct trace_report *ret_report, struct error *error);

/* Whether there are rules with this tag (NULL: any tag): 1, 0 or negative errno. */
int trace_is_there(enum ip_family family, const char *tag, struct error *error);

/* Lists all rules of ours, whichever recording left them. The caller frees `*ret_rules` with g_free. */
int trace_list(enum ip_family family, struct own_rule **ret_rules, size_t *ret_count, struct error *error);

#endif
