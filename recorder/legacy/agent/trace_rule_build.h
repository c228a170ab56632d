/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of our TRACE rules, for those who hold a table open. */
#ifndef IPTRACE_LEGACY_AGENT_TRACE_RULE_BUILD_H
#define IPTRACE_LEGACY_AGENT_TRACE_RULE_BUILD_H

#include <glib.h>

#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/trace_rule.h"

/* The chain's rules (chain is PREROUTING or OUTPUT), entries of `legacy` as GBytes, in order: one, or one an
 * interface, and as many before them that count where there is a limit. `options` were checked. */
GPtrArray *trace_rule_build(const struct legacy *legacy, const char *chain,
                            const struct trace_options *options);

/* Whether the rule is one of ours; then `ret_tag` (may be NULL) is its tag. */
bool trace_rule_is_own(const struct legacy_rule *rule, char ret_tag[TRACE_TAG_MAX + 1]);

/* Whether it only counts, being one of ours. */
bool trace_rule_counts(const struct legacy_rule *rule);

/* Its date_stop, 0 where it has none. */
int64_t trace_rule_date_stop(const struct legacy_rule *rule);

/* Whether the kernel has each extension that the rules of `options` need; -EPROTONOSUPPORT names the one
 * missing. */
int trace_rule_probe(const struct legacy *legacy, const struct trace_options *options, struct error *error);

#endif
