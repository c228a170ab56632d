/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The structures that kernel.c, kernel_start.c and upkeep.c share. */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_FAMILY_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_FAMILY_H

#include "recorder/core/options.h"
#include "recorder/legacy/agent/agent.h"
#include "recorder/legacy/kernel/kernel_state.h"
#include "recorder/legacy/kernel/upkeep_state.h"
#include "recorder/legacy/kernel/watch.h"
#include "recorder/restore/guard.h"
#include "recorder/system/netns.h"

#define QUICK_MS 10000  /* timeout for what takes milliseconds */
#define TEXT_MS  120000 /* timeout for the text of a table, of 100 000 rules or more */

struct family {
    enum ip_family family;
    struct agent *agent;
    struct agent_inbox inbox;   /* of upkeep.c */
    struct ruleset_state state; /* found by the look at all entries before anything was changed … */
    struct moment read;         /* … which began then */
    bool reads_later;           /* all texts but raw's are read after recording has begun */
    struct upkeep upkeep;       /* of our own rules */
    char limit[32];             /* of each own rule; empty: none */
    uint64_t matched, traced;   /* packets, once the rules were removed: trace_install.h */
};

struct kernel {
    const struct options *options;
    const struct netns *netns;
    const char *place; /* report.h */
    struct family families[2];
    size_t count;
    struct guard *guard;
    struct state state;        /* what the guard was given */
    struct kernel_state order; /* of the same families */
    bool lock_held;            /* --lock */
    struct watch *watch;       /* the realm's; null before kernel_watch() */
    struct upkeep_repairs repairs;
};

static inline enum ip_family family_version(const struct family *family)
{
    return family->family;
}

static inline const char *family_name(const struct family *family)
{
    return ip_family_name(family->family);
}

#endif
