/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What rows pass to statistics and to File > Export Objects, while one of them is listening. */
#ifndef IPTRACE_PLUGIN_TAPS_H
#define IPTRACE_PLUGIN_TAPS_H

#include "format/family.h"
#include "plugin/compat.h"

#include <epan/tap.h>

#include "plugin/packet_path.h"
#include "plugin/rulesets.h"

/* One packet's path, or a notice that a ruleset was read. */
struct tap_path {
    const struct packet_path *path; /* null: only a ruleset was read */
    enum ip_family family;          /* FAMILY_NONE if the packet is neither */
};

void taps_register(void);

/* True if a statistic is listening: taps_queue_path() must then be called with all steps read. */
bool taps_want_paths(void);
void taps_queue_path(packet_info *pinfo, const struct packet_path *path, enum ip_family family);

/* To be called when a part of a ruleset has been read. */
void taps_queue_ruleset(packet_info *pinfo, const struct ruleset_kept *kept);

/* `-z iptrace,tree`: verdict, table, chain, rule. */
void verdict_stats_register(const char *tap);

/* `-z iptrace,rules`: each rule with its hits. */
void rule_stats_register(const char *tap);

/* File > Export Objects > iptrace, `--export-objects iptrace,DIRECTORY`: rulesets for iptables-restore.
 * Returns the tap that takes struct ruleset_kept. */
int ruleset_export_register(void);

#endif
