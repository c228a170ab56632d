/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What rows pass to statistics and to the export of objects. */
#include "plugin/taps.h"

#define TAP_PACKETS "iptrace"       /* struct tap_path with a path */
#define TAP_RULES   "iptrace_rules" /* any struct tap_path */

static int packets_tap, rules_tap, export_tap;

void taps_register(void)
{
    packets_tap = register_tap(TAP_PACKETS);
    rules_tap = register_tap(TAP_RULES);
    verdict_stats_register(TAP_PACKETS);
    rule_stats_register(TAP_RULES);
    export_tap = ruleset_export_register();
}

bool taps_want_paths(void)
{
    return have_tap_listener(packets_tap) || have_tap_listener(rules_tap);
}

void taps_queue_path(packet_info *pinfo, const struct packet_path *path, enum ip_family family)
{
    struct tap_path *tap = wmem_new(pinfo->pool, struct tap_path);
    tap->path = (const struct packet_path *)wmem_memdup(pinfo->pool, path, sizeof *path);
    tap->family = family;
    tap_queue_packet(packets_tap, pinfo, tap);
    tap_queue_packet(rules_tap, pinfo, tap);
}

void taps_queue_ruleset(packet_info *pinfo, const struct ruleset_kept *kept)
{
    if (have_tap_listener(rules_tap))
        tap_queue_packet(rules_tap, pinfo, wmem_new0(pinfo->pool, struct tap_path));
    if (have_tap_listener(export_tap))
        tap_queue_packet(export_tap, pinfo, kept);
}
