/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/queue_rule.h"
#include "recorder/system/queue_listeners.h"

static void check(const char *rest, bool is_one, uint16_t first, uint16_t last, bool bypass)
{
    g_autofree char *text = g_strdup_printf("*filter\n:INPUT ACCEPT\n-A INPUT -p udp%s\nCOMMIT\n", rest);
    struct ruleset *ruleset = build_ruleset(text);
    struct meaning meaning = ruleset_meaning(ruleset, BYTES("INPUT"), true, 1);
    struct queue_rule rule;
    assert_int_equal(queue_rule_of(&meaning, &rule), is_one);
    if (is_one) {
        assert_int_equal(rule.first, first);
        assert_int_equal(rule.last, last);
        assert_int_equal(rule.bypass, bypass);
    }
    ruleset_unref(ruleset);
}

static void test_rules(void **state)
{
    (void)state;
    check(" -j NFQUEUE --queue-num 3", true, 3, 3, false);
    check(" -j NFQUEUE --queue-num 65535 --queue-bypass", true, 65535, 65535, true);
    check(" -j NFQUEUE --queue-balance 4:7 --queue-bypass --queue-cpu-fanout", true, 4, 7, true);
    check(" -m comment --comment \" -j NFQUEUE --queue-bypass\" -j NFQUEUE --queue-num 2", true, 2, 2, false);
    check(" -j QUEUE", false, 0, 0, false);
    check(" -j DROP", false, 0, 0, false);
}

static void test_listeners(void **state)
{
    (void)state;
    struct queue_listeners *found = g_new0(struct queue_listeners, 1);
    assert_true(queue_listeners_parse("", found));
    assert_int_equal(found->count, 0);
    assert_true(queue_listeners_parse("    0   2811     0 2 65531     5     1       12  1\n"
                                      "65535 4294965248 0 1     0     0     0        0  1\n",
                                      found));
    assert_int_equal(found->count, 2);
    assert_int_equal(found->queues[0].queue, 0);
    assert_int_equal(found->queues[0].dropped, 5);
    assert_int_equal(found->queues[0].user_dropped, 1);
    assert_int_equal(found->queues[1].queue, 65535);
    assert_false(queue_listeners_parse("what\n", found));
    assert_false(queue_listeners_parse("    0   2811     0 2 65531     5     1       12  1", found));
    g_free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
