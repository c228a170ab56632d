/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The bytes of our TRACE rules, for callers that have a table open. */
#ifndef IPTRACE_LEGACY_AGENT_TRACE_RULE_BUILD_H
#define IPTRACE_LEGACY_AGENT_TRACE_RULE_BUILD_H

#include <glib.h>

#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/trace_rule.h"

/* The rules for a chain (PREROUTING or OUTPUT) in order, each an entry of `legacy` as GBytes: one, or one per
 * interface, each preceded by one that counts if there is a limit. `options` must have been checked. */
GPtrArray *trace_rule_build(const struct legacy *legacy, const char *chain,
                            const struct trace_options *options);

/* Whether the rule is one of ours; if so, `ret_tag` (may be NULL) is its tag. */
bool trace_rule_is_own(const struct legacy_rule *rule, char ret_tag[TRACE_TAG_MAX + 1]);

/* Whether a rule of ours only counts. */
bool trace_rule_counts(const struct legacy_rule *rule);

/* Its date_stop; 0 if it has none. */
int64_t trace_rule_date_stop(const struct legacy_rule *rule);

/* Checks that the kernel has every extension that the rules of `options` need; -EPROTONOSUPPORT, with a
 * sentence that names the missing one. */
int trace_rule_probe(const struct legacy *legacy, const struct trace_options *options, struct error *error);

#endif
