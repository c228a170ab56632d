/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether a family's own rules and logger are in place, and what is due: the pure part of upkeep.h, without a
 * descriptor or a clock. `now_s` is in seconds since 1970, like the rules' dates. */
#ifndef IPTRACE_LEGACY_KERNEL_UPKEEP_STATE_H
#define IPTRACE_LEGACY_KERNEL_UPKEEP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "recorder/core/monotonic.h"
#include "recorder/legacy/agent/look.h"

#define UPKEEP_LIFE_S        600  /* of rules in a raw table of our own */
#define UPKEEP_LIFE_SHARED_S 3600 /* if somebody else has rules there */

/* How long our rules live unless they are renewed, in seconds: the values above. Defined in a file of its
 * own, so that tests which cannot take ten minutes can replace it. */
struct upkeep_life {
    uint32_t own_s, shared_s;
};
extern const struct upkeep_life upkeep_life;
#define UPKEEP_REPAIRS_MINUTE 3

struct upkeep {
    uint32_t installed; /* number of own rules; 0: none, or not to be kept in place */
    bool dated;         /* they have a date */
    int64_t date_stop;  /* when they stop matching */
    int64_t life_s;     /* how long a renewal extends it */
    bool asked_look, asked_change;
    bool is_whole;  /* the last look found nothing missing */
    bool is_behind; /* but found somebody else's rule before ours */
};

/* How often something was put back; start with {0}. */
struct upkeep_repairs {
    struct monotonic since;
    unsigned count; /* since then */
};

/* How long new rules are to live, in seconds; `is_shared`: raw has rules of somebody else. */
int64_t upkeep_life_s(bool is_shared);

/* Rules are installed for the first time, with a date or, if the kernel cannot (`dated` is false), without.
 * Returns the date; 0: none. */
int64_t upkeep_begin(struct upkeep *upkeep, bool dated, int64_t now_s);

/* Whether rules were refused because the kernel lacks the match for the date, xt_time. */
bool upkeep_lacks_date(int result, const struct error *error);

/* The date for rules that are installed or renewed now; 0: none. */
int64_t upkeep_date(const struct upkeep *upkeep, int64_t now_s);

enum upkeep_wish {
    UPKEEP_WANTS_NOTHING,
    UPKEEP_WANTS_LOOK,
    UPKEEP_WANTS_RENEWAL,
};

/* What to request from the agent now. A renewal is due when half of the rules' life is over, or the clock was
 * set back. */
enum upkeep_wish upkeep_wish(const struct upkeep *upkeep, int64_t now_s);

/* True if the date has passed, because the machine was suspended or its clock was set: for some time there
 * was no rule in effect. */
bool upkeep_has_expired(const struct upkeep *upkeep, int64_t now_s);

void upkeep_asked_look(struct upkeep *upkeep);
void upkeep_asked_renewal(struct upkeep *upkeep, int64_t now_s);
void upkeep_asked_repair(struct upkeep *upkeep);

enum upkeep_finding {
    UPKEEP_FINDS_NOTHING,
    UPKEEP_FINDS_LOGGER,  /* the kernel has another logger: to be repaired */
    UPKEEP_FINDS_REMOVED, /* some of our rules are gone: likewise */
    UPKEEP_FINDS_MOVED, /* somebody else's rule now comes before ours: to be reported, but not fought over */
};

/* `*ret_lost`: packets were lost, which has not been reported yet. */
enum upkeep_finding upkeep_take_look(struct upkeep *upkeep, const struct ruleset_look *look, bool *ret_lost);

/* Takes the failure of a look. */
void upkeep_fail_look(struct upkeep *upkeep);

/* `result` is that of the request. If the lock was held by somebody, the request is retried. */
void upkeep_take_renewal(struct upkeep *upkeep, int result, int64_t now_s);
/* `installed`: how many rules were installed again; 0 if none had to be. */
void upkeep_take_repair(struct upkeep *upkeep, int result, uint32_t installed, int64_t now_s);

/* Counts a repair; false if it is one too many: whoever undoes our changes does not want us here, and a
 * capture with gaps must not look complete. */
bool upkeep_may_repair(struct upkeep_repairs *repairs, struct monotonic now);

#endif
