/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tracing costs the kernel, told from the size of the tables before it is paid.
 *
 * For each TRACE message the kernel walks the table from the hook's first rule to the one that matched,
 * softirqs off (net/ipv4/netfilter/ip_tables.c, trace_packet()): some 23 ns a rule (measured: one match at
 * the end of 20 000 rules, 2 138 packets/s a CPU; of 100 000, 428). An estimate of the worst: that every
 * match is at the end, and that where there are chains of the user's a visit of the table makes several
 * messages. */
#ifndef IPTRACE_LEGACY_WALK_COST_H
#define IPTRACE_LEGACY_WALK_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/legacy/walk/tables.h"

#define COST_RULE_NS        23
#define COST_PLAUSIBLE_RATE 1000 /* packets a second that any machine may have to forward */
#define COST_SHARE_PERCENT  5    /* of one CPU: where tracing could take more, there is a limit */
#define COST_LIMIT_PERCENT  3    /* of one CPU, that it may take then */

/* One table of a family. */
struct cost_table {
    enum table table;
    uint32_t entries; /* the kernel's: rules, policies, heads and ends of chains */
    uint32_t chains;  /* of the user's */
    uint32_t hooks;   /* bit n: hooked at NF_INET_n, as struct table_state's valid_hooks */
};

/* What the kernel may walk for all messages of one packet, in nanoseconds: the dearest of the three ways that
 * a packet can take (received for us, forwarded, sent by us). */
uint64_t cost_packet_ns(const struct cost_table *tables, size_t count);

/* Hundredths of one CPU for so many traced packets a second. */
double cost_percent(uint64_t packet_ns, double rate);

/* A family that takes a tenth of that share at most, at so many packets a second, needs no limit. */
bool cost_is_cheap(uint64_t packet_ns, double rate);

/* One family's part in a limit. */
struct cost_family {
    uint64_t packet_ns;
    uint32_t rules; /* own rules: each has its limit for itself */
};

struct cost_limit {
    char text[32];  /* as the limit match takes it: "27/second", "40/minute"; empty: none is needed */
    uint32_t burst; /* packets; a quarter of a second's worth, but a few at least */
    double percent; /* of one CPU, that the families together take at that limit */
    double rate;    /* packets a second, of one own rule */
};

/* The limit of each own rule with which all families that are not cheap together take COST_LIMIT_PERCENT of a
 * CPU; none where they take less than COST_SHARE_PERCENT at `rate` packets a second each. From 5/day to
 * 10000/second, as the kernel's match can tell. */
struct cost_limit cost_make_limit(const struct cost_family *families, size_t count, double rate);

#endif
