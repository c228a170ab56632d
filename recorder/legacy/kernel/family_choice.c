/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which families are recorded. */
#include "recorder/legacy/kernel/family_choice.h"

#include <errno.h>
#include <string.h>

/* ---- What a look found ---- */

bool family_has_rules(const struct ruleset_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (state->tables[i].has_user_rules || state->tables[i].has_user_policy ||
            state->tables[i].chains > 0)
            return true;
    return false;
}

bool family_is_large(const struct ruleset_state *state)
{
    uint32_t entries = 0;
    for (size_t i = 0; i < state->table_count; i++)
        entries += state->tables[i].entries;
    return entries > FAMILY_ENTRIES_READ_AT_ONCE;
}

bool family_shares_raw(const struct ruleset_state *state)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (strcmp(state->tables[i].name, "raw") == 0 && state->tables[i].has_user_rules)
            return true;
    return false;
}

/* ---- The choice ---- */

static bool any_has_rules(const struct family_found *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (found[i].has_rules)
            return true;
    return false;
}

/* Who installs no rule has rules of his own to be recorded, wherever they are. */
bool family_choice_asks_nftables(const struct options *options, const struct family_found *found,
                                 size_t count)
{
    return !options->no_install && options->backend == BACKEND_CHOICE_AUTO && !any_has_rules(found, count);
}

static int refuse_nftables(const struct family_found *found, size_t count, struct error *error)
{
    return error_set(
        error, ENOTSUP,
        "the legacy %stables have no rules here, but nftables has some: where `iptables` is iptables-nft, "
        "the rules that it shows are nftables rules, which iptrace cannot record yet. `xtables-monitor "
        "--trace` shows how packets meet the rules of iptables-nft, `nft monitor trace` how they meet all "
        "nftables rules; --backend legacy records the legacy tables anyway",
        count > 1               ? ""
        : found[0].version == 6 ? "IPv6 "
                                : "IPv4 ");
}

int family_choice_make(const struct options *options, const struct family_found *found, size_t count,
                       bool nftables_has_rules, bool ret_recorded[], struct error *error)
{
    if (nftables_has_rules && family_choice_asks_nftables(options, found, count))
        return refuse_nftables(found, count, error);
    bool records_all = options->no_install || options->families_asked || !any_has_rules(found, count);
    for (size_t i = 0; i < count; i++)
        ret_recorded[i] = records_all || found[i].has_rules;
    return 0;
}
