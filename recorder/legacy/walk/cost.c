/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What tracing costs the kernel. */
#include "recorder/legacy/walk/cost.h"

#include <linux/netfilter.h>
#include <stdio.h>

#define LEAST_BURST    3 /* the first packets of somebody who tries something */
#define MESSAGES_PLAIN 1 /* of a visit to a table */
#define MESSAGES_BRANCHED                                                                                    \
    3 /* where it jumps: the jump, a rule of the chain, the end in the calling chain                         \
       */
#define SHARE_NS(percent) (1000000000.0 * (percent) / 100) /* of a second */
#define BUDGET_NS         SHARE_NS(COST_SHARE_PERCENT)

static const uint32_t ways[] = {
    1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN,
    1u << NF_INET_PRE_ROUTING | 1u << NF_INET_FORWARD | 1u << NF_INET_POST_ROUTING,
    1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING,
};

static uint64_t way_ns(uint32_t way, const struct cost_table *tables, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t messages = tables[i].chains > 0 ? MESSAGES_BRANCHED : MESSAGES_PLAIN;
        uint64_t visits = (uint64_t)__builtin_popcount(tables[i].hooks & way);
        sum += visits * messages * tables[i].entries * COST_RULE_NS;
    }
    return sum;
}

uint64_t cost_packet_ns(const struct cost_table *tables, size_t count)
{
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        uint64_t cost = way_ns(ways[i], tables, count);
        most = cost > most ? cost : most;
    }
    return most;
}

double cost_percent(uint64_t packet_ns, double rate)
{
    return (double)packet_ns * rate / 1e7;
}

bool cost_is_cheap(uint64_t packet_ns, double rate)
{
    return (double)packet_ns * rate <= BUDGET_NS / 10;
}

/* In the largest unit in which the number is not below 5, so that rounding down costs little. */
static void write_rate(double rate, struct cost_limit *limit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        {"second", 1    },
        {"minute", 60   },
        {"hour",   3600 },
        {"day",    86400},
    };
    size_t unit = 0;
    while (unit < 3 && rate * units[unit].seconds < 5)
        unit++;
    double number = rate * units[unit].seconds;
    number = number < 5 ? 5 : number > 10000 ? 10000 : number;
    unsigned whole = (unsigned)number;
    snprintf(limit->text, sizeof limit->text, "%u/%s", whole, units[unit].name);
    limit->rate = whole / units[unit].seconds;
    /* What comes at once is paid for at once: not more than a quarter of a second's. */
    limit->burst = unit == 0 && whole / 4 > LEAST_BURST ? whole / 4 : LEAST_BURST;
}

struct cost_limit cost_make_limit(const struct cost_family *families, size_t count, double rate)
{
    struct cost_limit limit = {.text = ""};
    double at_rate = 0, of_rules = 0; /* nanoseconds a second; nanoseconds for a packet of each own rule */
    for (size_t i = 0; i < count; i++) {
        if (cost_is_cheap(families[i].packet_ns, rate))
            continue;
        at_rate += (double)families[i].packet_ns * rate;
        of_rules += (double)families[i].packet_ns * families[i].rules;
    }
    if (at_rate <= BUDGET_NS || of_rules <= 0)
        return limit;
    write_rate(SHARE_NS(COST_LIMIT_PERCENT) / of_rules, &limit);
    limit.percent = of_rules * limit.rate / 1e7;
    return limit;
}
