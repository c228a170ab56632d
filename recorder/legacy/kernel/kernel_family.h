/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel.c and upkeep.c know of a recording's side in the kernel. */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_FAMILY_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_FAMILY_H

#include "recorder/legacy/agent/agent.h"
#include "recorder/legacy/kernel/kernel.h"
#include "recorder/legacy/kernel/upkeep_state.h"
#include "recorder/legacy/walk/cost.h"
#include "recorder/restore/guard.h"

#define QUICK_MS 10000  /* for what takes milliseconds */
#define TEXT_MS  120000 /* for the text of a table, of 100 000 rules or more */

struct family {
    enum ip_family family;
    struct agent *agent;
    bool is_changed; /* there may be something to put back */
    bool is_left;    /* and its agent died without having done it */
    bool raw_created;
    struct ruleset_state state; /* of the look at all entries before anything was changed … */
    struct moment read;         /* … when that began */
    bool reads_later;           /* all texts but raw's: when recording has begun */
    bool is_cheap;              /* to trace: the recorder sets no limit by itself */
    struct upkeep upkeep;       /* of our own rules */
    char limit[32];             /* of each; empty: none */
    uint64_t matched, traced;   /* packets, once the rules went out: trace_install.h */
};

struct kernel {
    const struct options *options;
    const struct netns *netns;
    struct family families[2];
    size_t count;
    struct guard *guard;
    struct state state;  /* what the guard was told */
    bool lock_held;      /* --lock */
    struct watch *watch; /* the realm's; null before kernel_watch() */
    bool stopping;       /* what is missing now we took out ourselves */
    uint64_t looked_ns;
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

/* Packets that the namespace's interfaces had counted at a time; zero where that cannot be read. */
struct observation {
    uint64_t time_ns, packets;
};

void kernel_observe(const struct kernel *kernel, struct observation *ret_observation);

/* The limit of each own rule: that of --limit, or one of our own where tracing is dear, with a sentence that
 * gives the numbers; empty for none. `before`: of a while ago. The families' states are read. */
void kernel_choose_limit(struct kernel *kernel, const struct observation *before, GString *notes,
                         struct cost_limit *ret_limit);

#endif
