/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rulesets of a file, assembled from their parts. */
#ifndef IPTRACE_LEGACY_WALK_RULESET_PARTS_H
#define IPTRACE_LEGACY_WALK_RULESET_PARTS_H

#include "format/ruleset_block.h"
#include "recorder/legacy/walk/ruleset.h"

struct ruleset_parts;

struct ruleset_parts *ruleset_parts_new(void);
void ruleset_parts_free(struct ruleset_parts *parts);

/* Takes a part. If it was the last one missing, `*ret_ruleset` is the ruleset, with a reference for the
 * caller; else null. -EINVAL if the text cannot be parsed as rules. */
int ruleset_parts_add(struct ruleset_parts *parts, const struct ruleset_part *part,
                      struct ruleset **ret_ruleset, struct error *error);

#endif
