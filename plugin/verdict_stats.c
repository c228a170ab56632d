/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Statistics of verdicts: how many packets each rule decided. */
#include "plugin/taps.h"

#include <epan/stats_tree.h>

#include "plugin/text.h"

static const char root_name[] = "Packets by verdict";
static int root;

static void init(stats_tree *tree)
{
    root = stats_tree_create_node(tree, root_name, 0, STAT_DT_INT, true);
}

static tap_packet_status count(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt, const void *data,
                               tap_flags_t flags)
{
    const struct tap_path *tap = (const struct tap_path *)data;
    const struct path *path = &tap->path->path;
    const struct step *decided = tap->path->decided;
    wmem_allocator_t *pool = pinfo->pool;
    (void)edt;
    (void)flags;
    tick_stat_node(tree, root_name, 0, true);
    int verdict = tick_stat_node(tree, text_verdict(pool, path->verdict), root, true);
    if (!decided) {
        const char *reason = text_name(pool, reason_name(path->reason), path->reason);
        tick_stat_node(tree, *reason ? reason : "no reason given", verdict, false);
        return TAP_PACKET_REDRAW;
    }
    int table = tick_stat_node(tree, text_line(pool, decided->table), verdict, true);
    int chain = tick_stat_node(tree, text_line(pool, decided->chain), table, true);
    const char *rule = text_line(pool, decided->rule);
    if (decided->rulenum > 0)
        rule = wmem_strdup_printf(pool, "#%u %s", decided->rulenum, rule);
    tick_stat_node(tree, *rule ? rule : text_step_short(pool, decided), chain, false);
    return TAP_PACKET_REDRAW;
}

void verdict_stats_register(const char *tap)
{
    stats_tree_register_plugin(tap, "iptrace", "iptables" COMPAT_MENU_SEPARATOR "Verdicts by rule", 0, count,
                               init, NULL);
}
