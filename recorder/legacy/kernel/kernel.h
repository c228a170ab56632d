/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording changes in the kernel, and puts back: loggers and TRACE rules; and what it reads there:
 * the rules. All of it is done by one agent a family (recorder/legacy/agent/agent.h), which undoes it when
 * this process dies, and so does the guard (guard.h) when agents die. What is decided on the way is decided
 * without a descriptor: which families (family_choice.h), which limit (limit_choice.h), what comes next and
 * what is to be put back (kernel_state.h). */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_H

#include "recorder/core/options.h"
#include "recorder/legacy/kernel/watch.h"
#include "recorder/legacy/walk/pipeline.h"
#include "recorder/system/netns.h"

struct kernel;

/* Starts the agents of the families that the options ask for. Do it early: they keep the privileges. `place`
 * (report.h): whom notes are about; it stays the caller's, as the others do. */
int kernel_open(struct kernel **ret_kernel, const struct options *options, const struct netns *netns,
                const char *place, struct error *error);

/* Chooses the families, by a look that changes nothing: those that have legacy rules, or all that the options
 * name. -ENOTSUP, with a sentence for the user, where all rules are nftables' and nobody asked for the legacy
 * tables. */
int kernel_choose_families(struct kernel *kernel, struct error *error);

/* The xtables lock is held by this process from now on (--lock): the agents take none. */
void kernel_assume_lock(struct kernel *kernel);

/* Whether nftables has rules in this namespace; false where nobody can say. */
bool kernel_sees_nftables(const struct kernel *kernel);

/* Adds the families to the watch, once they were started. */
void kernel_watch(struct kernel *kernel, struct watch *watch);

/* How often its agents have the lock to put the TRACE rules in, and again to take them out. */
unsigned kernel_own_locks(const struct kernel *kernel);

/* Keeps our rules and loggers in place (upkeep.h); call it at each turn of the loop, four times a second at
 * least. Never waits. An error is the end of the recording: somebody does not let it be, or an agent or the
 * guard was killed. */
int kernel_tick(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error);

/* Takes the TRACE rules out: no new packet is traced. */
int kernel_stop_tracing(struct kernel *kernel, struct error *error);

/* Says, here and in the file, how many of the packets that matched were traced, where a limit left some out:
 * once the rules went out. */
void kernel_tell_limit(const struct kernel *kernel, struct pipeline *pipeline);

/* Puts everything else back and ends the agents. Does as much as it can; the error is the first. `ret_left`:
 * what is left where agents and guard were killed together, and who takes it out; empty where nothing is.
 * Null is allowed for each. */
int kernel_close(struct kernel *kernel, struct error *ret_left, struct error *error);

#endif
