/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which families are recorded: decided from what a look found that changes nothing. Pure: no descriptor, no
 * clock. */
#ifndef IPTRACE_LEGACY_KERNEL_FAMILY_CHOICE_H
#define IPTRACE_LEGACY_KERNEL_FAMILY_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder/core/error.h"
#include "recorder/core/options.h"
#include "recorder/legacy/agent/agent_reply.h"

/* Of a family's tables together; the texts of more take longer to print than all else that a start needs, and
 * are read when recording has begun. */
#define FAMILY_ENTRIES_READ_AT_ONCE 2000

/* `state` is of a look at all entries: the administrator has a rule, a chain, or a policy other than ACCEPT. */
bool family_has_rules(const struct ruleset_state *state);
/* Any look will do. So many entries are somebody's, whatever they are. */
bool family_is_large(const struct ruleset_state *state);
/* `state` is of a look at all entries: table raw has rules that are not ours. */
bool family_shares_raw(const struct ruleset_state *state);

struct family_found {
    unsigned version; /* 4, 6 */
    bool has_rules;
};

/* Whether family_choice_make() has to know of nftables' rules, which it takes some time to look for. */
bool family_choice_asks_nftables(const struct options *options, const struct family_found *found,
                                 size_t count);

/* `found`: one or two families, those that the options name. `ret_recorded[i]`: family i is recorded. Those
 * that have legacy rules are; all of them where none has any, or where the options ask for them. -ENOTSUP,
 * with a sentence for the user, where all rules are nftables' and nobody asked for the legacy tables. */
int family_choice_make(const struct options *options, const struct family_found *found, size_t count,
                       bool nftables_has_rules, bool ret_recorded[], struct error *error);

#endif
