/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the user should know when recording begins. */
#include "recorder/legacy/kernel/start_notes.h"

#include <stddef.h>

const char *start_note_on_firewalls(bool legacy_has_rules, bool nftables_has_rules)
{
    if (nftables_has_rules && !legacy_has_rules)
        return "only nftables has rules here, the legacy tables have none: drops by nftables are not seen, "
               "so packets that the legacy tables let pass have the verdict UNKNOWN";
    if (nftables_has_rules)
        return "nftables has rules here too: its drops are not seen, and ACCEPT speaks only for the legacy "
               "tables";
    if (!legacy_has_rules)
        return "none of the legacy tables has any rules, so packets have the verdict UNKNOWN";
    return NULL;
}

#define FRAGMENTS_TOO "append `or ip[6:2] & 0x1fff != 0 or ip6 proto 44` to record fragments too"

/* Who filters by ports means the whole packet. */
const char *start_note_on_fragments(bool misses_ipv4, bool misses_ipv6)
{
    if (misses_ipv4 && misses_ipv6)
        return "the filter tests ports or other transport fields: of a fragmented packet it matches only the "
               "first fragment in IPv4, and none in IPv6; " FRAGMENTS_TOO;
    if (misses_ipv4)
        return "the filter tests ports or other transport fields: of a fragmented IPv4 packet it matches "
               "only the first fragment; " FRAGMENTS_TOO;
    if (misses_ipv6)
        return "the filter tests ports or other transport fields: it matches no fragment of an IPv6 packet; "
               "" FRAGMENTS_TOO;
    return NULL;
}
