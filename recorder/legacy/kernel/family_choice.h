/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which families are recorded, decided from the result of a look that changes nothing. Pure: no descriptor,
 * no clock. */
#ifndef IPTRACE_LEGACY_KERNEL_FAMILY_CHOICE_H
#define IPTRACE_LEGACY_KERNEL_FAMILY_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder/core/error.h"
#include "recorder/core/options.h"
#include "recorder/legacy/agent/agent_reply.h"

/* Entries of all tables of a family together; printing the texts of more takes longer than the rest of the
 * start, so they are read after recording has begun. */
#define FAMILY_ENTRIES_READ_AT_ONCE 2000

/* Whether the administrator has a rule, a chain, or a policy other than ACCEPT; `state` must be of a look at
 * all entries. */
bool family_has_rules(const struct ruleset_state *state);
/* Whether there are so many entries that some must be the administrator's; any look will do. */
bool family_is_large(const struct ruleset_state *state);
/* Whether table raw has rules that are not ours; `state` must be of a look at all entries. */
bool family_shares_raw(const struct ruleset_state *state);

struct family_found {
    unsigned version; /* 4, 6 */
    bool has_rules;
};

/* Whether family_choice_make() needs to know if nftables has rules, which takes some time to find out. */
bool family_choice_asks_nftables(const struct options *options, const struct family_found *found,
                                 size_t count);

/* `found`: one or two families, those that the options name. `ret_recorded[i]`: whether family i is recorded.
 * Families with legacy rules are; if none has any, or the options ask for it, all are. -ENOTSUP, with a
 * sentence for the user, if all rules are nftables' and nobody asked for the legacy tables. */
int family_choice_make(const struct options *options, const struct family_found *found, size_t count,
                       bool nftables_has_rules, bool ret_recorded[], struct error *error);

#endif
