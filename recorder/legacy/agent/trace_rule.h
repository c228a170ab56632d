/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own TRACE rules: their options, and how they are recognised. */
#ifndef IPTRACE_LEGACY_AGENT_TRACE_RULE_H
#define IPTRACE_LEGACY_AGENT_TRACE_RULE_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/core/error.h"
#include "recorder/legacy/agent/table.h"

/* The comment of each of our rules is this prefix and the tag. Whoever finds it in a TRACE rule, or in one
 * without a target, may remove that rule.
 *
 * A TRACE rule with a limit is preceded by one without a target, which counts the packets that the limit is
 * applied to. */
#define TRACE_COMMENT_PREFIX   "iptrace-record: "
#define TRACE_TAG_MAX          64
#define TRACE_FILTER_MAX       64 /* XT_BPF_MAX_NUM_INSTR, <linux/netfilter/xt_bpf.h> */
#define TRACE_INTERFACES_MAX   64
#define TRACE_INTERFACE_SIZE   16 /* IFNAMSIZ */
#define TRACE_LIMIT_TEXT_SIZE  32
#define TRACE_LIMIT_PER_SECOND 10000 /* the highest rate that the kernel's limit match can express */

struct trace_options {
    const char *tag;               /* 1 to TRACE_TAG_MAX of A-Z a-z 0-9 . _ : - */
    const char *const *interfaces; /* none: all but lo's input, which OUTPUT has marked for tracing */
    size_t interface_count;        /* a name may end in + as in iptables; each takes one rule per chain */
    const struct sock_filter *filter;
    size_t filter_length; /* number of instructions, 0: none; the packet begins at its network header */
    const char *limit;    /* in the syntax of -m limit --limit: "10/second", "5/m"; NULL: none */
    uint32_t limit_burst; /* packets that may come at once; 0: iptables' default, 5 */
    int64_t date_stop; /* seconds since 1970 UTC, after which the rule matches nothing; 0: it never expires */
};

/* One of our rules as found in table raw. */
struct own_rule {
    char chain[RULESET_CHAIN_NAME_SIZE];
    char tag[TRACE_TAG_MAX + 1]; /* truncated if somebody made it longer */
    uint32_t number;             /* the kernel's, from 1, as in a TRACE message */
    int64_t date_stop;           /* as in struct trace_options */
    bool counts;                 /* it has no target: only its counter matters */
    uint64_t packets;            /* its counter */
};

/* 0, or -EINVAL with a sentence on the value that cannot be put into a rule. */
int trace_options_check(const struct trace_options *options, struct error *error);

#endif
