/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What tracing costs the kernel, estimated in advance from the size of the tables.
 *
 * For each TRACE message the kernel walks the table from the hook's first rule to the one that matched, with
 * softirqs off (net/ipv4/netfilter/ip_tables.c, trace_packet()): about 23 ns per rule (measured with one
 * match at the end of 20 000 rules: 2 138 packets/s per CPU; of 100 000 rules: 428). This is a worst-case
 * estimate: it assumes that every match is at the end, and that in a table with user-defined chains a visit
 * makes several messages. */
#ifndef IPTRACE_LEGACY_WALK_COST_H
#define IPTRACE_LEGACY_WALK_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/legacy/walk/tables.h"

#define COST_RULE_NS        23
#define COST_PLAUSIBLE_RATE 1000 /* packets per second that any machine may have to forward */
#define COST_SHARE_PERCENT  5    /* of one CPU: if tracing could take more, it gets a limit */
#define COST_LIMIT_PERCENT  3    /* of one CPU that it may then take */

/* One table of a family. */
struct cost_table {
    enum table table;
    uint32_t entries; /* the kernel's: rules, policies, heads and ends of chains */
    uint32_t chains;  /* user-defined */
    uint32_t hooks;   /* bit n: hooked at NF_INET_n, like valid_hooks of struct table_state */
};

/* How long the kernel may walk for all messages of one packet, in nanoseconds: on the most expensive of the
 * three paths that a packet can take (received for us, forwarded, sent by us). */
uint64_t cost_packet_ns(const struct cost_table *tables, size_t count);

/* Percent of one CPU for `rate` traced packets per second. */
double cost_percent(uint64_t packet_ns, double rate);

/* True if the family needs no limit because at `rate` packets per second it takes at most a tenth of
 * COST_SHARE_PERCENT. */
bool cost_is_cheap(uint64_t packet_ns, double rate);

/* One family's share of a limit. */
struct cost_family {
    uint64_t packet_ns;
    uint32_t rules; /* number of own rules: each has a limit of its own */
};

struct cost_limit {
    char text[32];  /* in the syntax of the limit match: "27/second", "40/minute"; empty: none is needed */
    uint32_t burst; /* packets; a quarter of a second's worth, but at least a few */
    double percent; /* of one CPU that the families together take at that limit */
    double rate;    /* packets per second, for one own rule */
};

/* The limit per own rule with which all families that are not cheap together take COST_LIMIT_PERCENT of a
 * CPU; none if they take less than COST_SHARE_PERCENT at `rate` packets per second each. From 5/day to
 * 10000/second, the range of the kernel's match. */
struct cost_limit cost_make_limit(const struct cost_family *families, size_t count, double rate);

#endif
