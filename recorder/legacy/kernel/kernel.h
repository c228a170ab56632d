/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a recording changes in the kernel and puts back, loggers and TRACE rules, and what it reads there, the
 * rules. All of this is done by one agent per family (recorder/legacy/agent/agent.h), which undoes it if this
 * process dies; the guard (guard.h) does so if agents die. Decisions are made in pure code, without a
 * descriptor: which families (family_choice.h), which limit (limit_choice.h), what comes next and what must
 * be put back (kernel_state.h). */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_H

#include "recorder/core/options.h"
#include "recorder/legacy/kernel/watch.h"
#include "recorder/legacy/walk/pipeline.h"
#include "recorder/system/netns.h"

struct kernel;

/* Starts the agents of the families that the options ask for. Do this early: they keep the privileges.
 * `place` (report.h) says what notes are about; it stays the caller's, like the others. */
int kernel_open(struct kernel **ret_kernel, const struct options *options, const struct netns *netns,
                const char *place, struct error *error);

/* Chooses the families by a look that changes nothing: those that have legacy rules, or all that the options
 * name. -ENOTSUP, with a sentence for the user, if all rules are nftables' and nobody asked for the legacy
 * tables. */
int kernel_choose_families(struct kernel *kernel, struct error *error);

/* This process holds the xtables lock from now on (--lock): the agents do not take it. */
void kernel_assume_lock(struct kernel *kernel);

/* Whether nftables has rules in this namespace; false if that is not known. */
bool kernel_sees_nftables(const struct kernel *kernel);

/* Adds the families to the watch, once they have been started. */
void kernel_watch(struct kernel *kernel, struct watch *watch);

/* How many times its agents take the lock to install the TRACE rules, and again to remove them. */
unsigned kernel_own_locks(const struct kernel *kernel);

/* Keeps our rules and loggers in place (upkeep.h); call it at each turn of the loop, at least four times a
 * second. Never waits. An error ends the recording: somebody keeps undoing our changes, or an agent or the
 * guard was killed. */
int kernel_tick(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error);

/* Removes the TRACE rules: no new packets are traced. */
int kernel_stop_tracing(struct kernel *kernel, struct error *error);

/* Reports, to the user and in the file, how many of the matching packets were traced if a limit excluded
 * some; to be called once the rules have been removed. */
void kernel_tell_limit(const struct kernel *kernel, struct pipeline *pipeline);

/* Puts everything else back and ends the agents. Does as much as it can and returns the first error.
 * `ret_left`: what is left if agents and guard were killed together, and what will remove it; empty if
 * nothing is left. Each argument may be null. */
int kernel_close(struct kernel *kernel, struct error *ret_left, struct error *error);

#endif
