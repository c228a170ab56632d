/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts our TRACE rules into table raw, ahead of all others, and takes them out again. */
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
    uint32_t installed; /* rules put in, both chains together */
    uint32_t removed;   /* rules of ours taken out */
    /* Of the rules taken out; what comes between the reading of the table and its change is not among it. */
    uint64_t matched;   /* packets that the limit was asked for; 0 without a limit */
    uint64_t traced;    /* of them, those that it let pass; all that were traced without one */
    bool table_created; /* table raw was not there before; it stays, empty, for it cannot be removed */
    bool unlocked;      /* the xtables lock could not be opened: done without it */
};

/* All functions: the namespace is the calling thread's. One read and one
 * commit of the whole table, under the xtables lock, with the counters of the other rules kept. Own rules are
 * found by their tag, never by number. `ret_report` may be NULL. -EPERM, -EACCES: no CAP_NET_ADMIN and
 * CAP_NET_RAW; -EPROTONOSUPPORT: the kernel lacks the legacy tables, TRACE, bpf, …; -EBUSY: somebody holds
 * the lock; -EINVAL: the options. */

/* Replaces the rules of this tag, if there are any. */
int trace_install(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                  struct trace_report *ret_report, struct error *error);

/* Puts `options`, with a new date, in the place of the rules of this tag; -ENOENT when there are none any
 * more. */
int trace_renew(enum ip_family family, const struct trace_options *options, enum xtables_lock_wait wait,
                struct trace_report *ret_report, struct error *error);

/* Removes the rules of this tag, of every tag when it is NULL. None to remove is no error and commits
 * nothing. */
int trace_remove(enum ip_family family, const char *tag, enum xtables_lock_wait wait,
                 struct trace_report *ret_report, struct error *error);

/* Whether there are rules of this tag (NULL: of any): 1, 0 or negative errno. */
int trace_is_there(enum ip_family family, const char *tag, struct error *error);

/* All of our rules, whoever left them. The caller frees `*ret_rules` with g_free. */
int trace_list(enum ip_family family, struct own_rule **ret_rules, size_t *ret_count, struct error *error);

#endif
