/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's visit to one table at one hook. Source: ipt_do_table() in net/ipv4/netfilter/ip_tables.c. */
#include "recorder/legacy/walk/visit.h"

#include <string.h>

void visit_begin(struct visit *visit, struct spot spot, const struct ruleset *ruleset)
{
    visit->spot = spot;
    visit->state = VISIT_INSIDE;
    visit->action = ACTION_CONTINUE;
    visit->depth = 0;
    visit->above = 0;
    visit->chain = NULL;
    if (ruleset) {
        const char *name = hook_name(spot.hook);
        visit->chain = ruleset_chain(ruleset, (struct bytes){(const uint8_t *)name, strlen(name)});
    }
    visit->built_in = visit->chain;
    visit->known = visit->chain != NULL;
}

bool visit_allows(const struct visit *visit, const struct meaning *meaning, uint32_t number)
{
    if (visit_is_over(visit))
        return false;
    if (!visit->known || meaning->kind == MEANING_UNKNOWN)
        return true;
    return meaning->chain == visit->chain && number > visit->above;
}

static void expect(struct visit *visit, const struct chain *chain, uint32_t above)
{
    visit->state = VISIT_INSIDE;
    visit->chain = chain;
    visit->above = above;
}

static void enter(struct visit *visit, const struct meaning *meaning, uint32_t number)
{
    if (meaning->action == ACTION_JUMP) {
        if (visit->depth == VISIT_DEPTH_MAX) {
            visit->known = false;
            return;
        }
        visit->callers[visit->depth].chain = meaning->chain;
        visit->callers[visit->depth++].number = number;
    }
    expect(visit, meaning->rule->jump, 0);
}

/* Back to the rule behind the jump; from the built-in chain, and from one entered by goto from it, to the
 * policy. */
static void leave(struct visit *visit)
{
    if (visit->depth > 0) {
        visit->depth--;
        expect(visit, visit->callers[visit->depth].chain, visit->callers[visit->depth].number);
    } else if (visit->built_in) {
        expect(visit, visit->built_in, chain_end(visit->built_in) - 1);
    }
}

void visit_step(struct visit *visit, const struct meaning *meaning, uint32_t number)
{
    visit->action = meaning->action;
    if (meaning->kind == MEANING_UNKNOWN) {
        visit->known = false;
        visit->state = VISIT_MAYBE;
        return;
    }
    switch ((enum action)meaning->action) {
    case ACTION_CONTINUE:
        expect(visit, meaning->chain, number);
        break;
    case ACTION_JUMP:
    case ACTION_GOTO:
        enter(visit, meaning, number);
        break;
    case ACTION_RETURN:
        leave(visit);
        break;
    case ACTION_ACCEPT:
    case ACTION_NAT:
        visit->state = VISIT_ACCEPTED;
        break;
    case ACTION_DROP:
    case ACTION_REJECT:
        visit->state = VISIT_DROPPED;
        break;
    case ACTION_QUEUE:
        visit->state = VISIT_QUEUED;
        break;
    case ACTION_STOLEN:
    case ACTION_TPROXY:
    case ACTION_MAYBE:
        expect(visit, meaning->chain, number);
        visit->state = VISIT_MAYBE;
        break;
    }
}
