/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a family's own rules and logger are in place, and what is due: the pure part of upkeep.h, without a
 * descriptor or a clock. `now_s` is seconds since 1970, as the rules' dates are; */
#ifndef IPTRACE_LEGACY_KERNEL_UPKEEP_STATE_H
#define IPTRACE_LEGACY_KERNEL_UPKEEP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/core/monotonic.h"
#include "recorder/legacy/agent/look.h"

#define UPKEEP_LIFE_S        600  /* of rules in a raw table of our own */
#define UPKEEP_LIFE_SHARED_S 3600 /* where somebody else has rules there */

/* How long our rules live unless they are renewed, in seconds: those above. In a file of its own, for tests
 * that have no ten minutes put another in its place. */
struct upkeep_life {
    uint32_t own_s, shared_s;
};
extern const struct upkeep_life upkeep_life;
#define UPKEEP_REPAIRS_MINUTE 3

struct upkeep {
    uint32_t installed; /* own rules; 0: none, or not to be looked after */
    bool dated;         /* they bear a date */
    int64_t date_stop;  /* when they match no more */
    int64_t life_s;     /* what a renewal gives them */
    bool asked_look, asked_change;
    bool is_whole;  /* at the last look nothing was missing */
    bool is_behind; /* and somebody else's rule stood before ours */
};

/* How often something was put back; start with {0}. */
struct upkeep_repairs {
    struct monotonic since;
    unsigned count; /* since then */
};

/* When rules that are made now shall match no more; `is_shared`: raw has rules of somebody else's. */
int64_t upkeep_life_s(bool is_shared);

/* Rules are put in for the first time, `dated` or, where the kernel cannot, without a date, which is
 * returned; 0: none. */
int64_t upkeep_begin(struct upkeep *upkeep, bool dated, int64_t now_s);

/* Whether rules were not taken because the kernel lacks the match that compares the date, xt_time. */
bool upkeep_lacks_date(int result, const struct error *error);

/* The date of rules that are made or renewed now; 0: none. */
int64_t upkeep_date(const struct upkeep *upkeep, int64_t now_s);

enum upkeep_wish {
    UPKEEP_WANTS_NOTHING,
    UPKEEP_WANTS_LOOK,
    UPKEEP_WANTS_RENEWAL,
};

/* What to ask the agent for now. It is time to renew when half of the life is over, or the clock was set
 * back. */
enum upkeep_wish upkeep_wish(const struct upkeep *upkeep, int64_t now_s);

/* True where the date has passed, while the machine slept or its clock was set: there was a time without a
 * rule. */
bool upkeep_has_expired(const struct upkeep *upkeep, int64_t now_s);

void upkeep_asked_look(struct upkeep *upkeep);
void upkeep_asked_renewal(struct upkeep *upkeep, int64_t now_s);
void upkeep_asked_repair(struct upkeep *upkeep);

enum upkeep_finding {
    UPKEEP_FINDS_NOTHING,
    UPKEEP_FINDS_LOGGER,  /* the kernel has another logger: to be repaired */
    UPKEEP_FINDS_REMOVED, /* rules of ours are gone: likewise */
    UPKEEP_FINDS_MOVED,   /* somebody else's rule stands before ours since: to be said, and not fought over */
};

/* `*ret_lost` is true where packets were lost that nobody has been told of yet. */
enum upkeep_finding upkeep_take_look(struct upkeep *upkeep, const struct ruleset_look *look, bool *ret_lost);

/* A look that failed. */
void upkeep_fail_look(struct upkeep *upkeep);

/* `result` of the request. Where a lock was in the way it is tried again. */
void upkeep_take_renewal(struct upkeep *upkeep, int result, int64_t now_s);
/* `installed`: rules that were put in again, 0 where none had to be. */
void upkeep_take_repair(struct upkeep *upkeep, int result, uint32_t installed, int64_t now_s);

/* Counts a repair; false where it is one too many: whoever does this does not want us here, and a capture
 * with holes must not look whole. */
bool upkeep_may_repair(struct upkeep_repairs *repairs, struct monotonic now);

#endif
