/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What changed from one ruleset of a table to the next, as lines. */
#ifndef IPTRACE_LEGACY_WALK_RULESET_DIFF_H
#define IPTRACE_LEGACY_WALK_RULESET_DIFF_H

#include "recorder/legacy/walk/ruleset.h"

struct ruleset_diff {
    size_t added, removed; /* lines: rules, chains, policies */
    GString *lines; /* `+-A INPUT …`, `--A INPUT …`, removed ones first, separated by newlines; owned */
};

/* Compares the lines regardless of their order: a rule that only moved is not reported. Gives at most
 * `lines_max` lines, the last of which says how many more there are. */
void ruleset_diff_make(const struct ruleset *before, const struct ruleset *after, size_t lines_max,
                       struct ruleset_diff *ret_diff);
void ruleset_diff_done(struct ruleset_diff *diff);

#endif
