/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/legacy/walk/cost.h"

#include <linux/netfilter.h>
#include <string.h>

#include "unit.h"

#define FILTER_HOOKS (1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT)
#define RAW_HOOKS    (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_OUT)
#define ALL_HOOKS    0x1fu

static void test_measured(void **state)
{
    (void)state;
    /* One match at the end of 20 000 and of 100 000 rules: 2 138 and 428 packets/s on one CPU. */
    struct cost_table filter = {.table = TABLE_FILTER, .entries = 20000, .hooks = FILTER_HOOKS};
    assert_in_range(cost_packet_ns(&filter, 1), 1000000000 / 2138 * 9 / 10, 1000000000 / 2138 * 11 / 10);
    filter.entries = 100000;
    assert_in_range(cost_packet_ns(&filter, 1), 1000000000 / 428 * 9 / 10, 1000000000 / 428 * 11 / 10);
}

static void test_ways(void **state)
{
    (void)state;
    /* A forwarded packet meets mangle three times, one for us twice. */
    const struct cost_table mangle = {.table = TABLE_MANGLE, .entries = 100, .hooks = ALL_HOOKS};
    assert_int_equal(cost_packet_ns(&mangle, 1), 3 * 100 * COST_RULE_NS);
    const struct cost_table tables[] = {
        {.table = TABLE_RAW, .entries = 10,         .hooks = RAW_HOOKS},
        { .table = TABLE_FILTER,    .entries = 100, .hooks = FILTER_HOOKS,        .chains = 2},
    };
    assert_int_equal(cost_packet_ns(tables, 2), (10 + 3 * 100) * COST_RULE_NS);
    assert_int_equal(cost_packet_ns(NULL, 0), 0);
}

static struct cost_limit limit_of(uint32_t entries, uint32_t rules, double rate)
{
    const struct cost_table filter = {.table = TABLE_FILTER, .entries = entries, .hooks = FILTER_HOOKS};
    const struct cost_family families[] = {
        {.packet_ns = cost_packet_ns(&filter, 1), .rules = rules},
        {.packet_ns = 0,                                   .rules = rules                       },
    };
    return cost_make_limit(families, 2, rate);
}

static void test_no_limit(void **state)
{
    (void)state;
    assert_string_equal(limit_of(4, 2, COST_PLAUSIBLE_RATE).text, "");
    assert_string_equal(limit_of(500, 2, COST_PLAUSIBLE_RATE).text, "");
    assert_string_equal(limit_of(0, 2, 1e9).text, "");
    assert_string_equal(cost_make_limit(NULL, 0, 1e9).text, "");
}

static void test_limit(void **state)
{
    (void)state;
    struct cost_limit limit = limit_of(20000, 2, COST_PLAUSIBLE_RATE);
    assert_string_equal(limit.text, "32/second");
    assert_int_equal(limit.burst, 8);
    assert_true(limit.percent > 2.7 && limit.percent <= 3);
    /* An interface is a rule more in each chain: together they may take no more. */
    assert_string_equal(limit_of(20000, 4, COST_PLAUSIBLE_RATE).text, "16/second");
    assert_string_equal(limit_of(100000, 2, COST_PLAUSIBLE_RATE).text, "6/second");
    /* A rate that was observed counts. */
    assert_string_equal(limit_of(500, 2, 100000).text, "1304/second");
}

static void test_bounds(void **state)
{
    (void)state;
    assert_string_equal(limit_of(1, 1, 1e9).text, "10000/second");
    assert_string_equal(limit_of(1000000, 2, COST_PLAUSIBLE_RATE).text, "39/minute");
    const struct cost_family dear = {.packet_ns = UINT64_C(1) << 50, .rules = 2};
    assert_string_equal(cost_make_limit(&dear, 1, 1).text, "5/day");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured), cmocka_unit_test(test_ways),   cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_limit),    cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
