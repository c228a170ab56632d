/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's visit to one table at one hook: a walk through its rules, of which the kernel reports those that
 * match. Knowing the position of the walk tells which message can come next. */
#ifndef IPTRACE_LEGACY_WALK_VISIT_H
#define IPTRACE_LEGACY_WALK_VISIT_H

#include "recorder/legacy/walk/ruleset.h"
#include "recorder/legacy/walk/tables.h"

#define VISIT_DEPTH_MAX 32 /* nesting of chains that is followed; beyond it, order alone decides */

enum visit_state {
    VISIT_INSIDE, /* more messages of this table must come, unless the packet vanishes */
    VISIT_MAYBE,  /* the last rule may or may not have ended the table */
    VISIT_ACCEPTED,
    VISIT_DROPPED,
    VISIT_QUEUED, /* accepted, dropped, or sent through the table again */
};

struct visit {
    struct spot spot;
    enum visit_state state;
    uint8_t action;               /* enum action of the last message */
    bool known;                   /* the walk can be followed in the rules */
    const struct chain *built_in; /* the chain of the hook */
    const struct chain *chain;    /* where the next message must be … */
    uint32_t above;               /* … with a number larger than this */
    uint32_t depth;
    struct {
        const struct chain *chain;
        uint32_t number; /* of the rule that jumped */
    } callers[VISIT_DEPTH_MAX];
};

/* Begins a visit before its first message. `ruleset` may be null: nothing is known. */
void visit_begin(struct visit *visit, struct spot spot, const struct ruleset *ruleset);

/* True if the message `chain:number`, with that meaning, can come next in this visit. If the walk is not
 * known, it can as long as the visit is not over. */
bool visit_allows(const struct visit *visit, const struct meaning *meaning, uint32_t number);

/* Takes the message into account. If its meaning is unknown, the walk is unknown from then on. */
void visit_step(struct visit *visit, const struct meaning *meaning, uint32_t number);

static inline bool visit_is_over(const struct visit *visit)
{
    return visit->state == VISIT_ACCEPTED || visit->state == VISIT_DROPPED;
}

#endif
