/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Each test is a row of the table of verdicts: what is seen last, and what may be said of it. */
#include "tests/unit/verdict_build.h"

static void test_drop_by_an_unconditional_rule(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:7");
    verdict_end(&world, VERDICT_DROP, REASON_RULE, "filter:INPUT:policy:7");
}

static void test_drop_by_policy(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    verdict_end(&world, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
}

static void test_reject(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    verdict_end(&world, VERDICT_REJECT, REASON_RULE, "filter:INPUT:rule:1");
}

static void test_accept_by_rule(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
    verdict_end(&world, VERDICT_ACCEPT, REASON_RULE, "filter:FORWARD:rule:1");
}

static void test_accept_names_the_step_of_filter(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M | F);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    verdict_end(&world, VERDICT_ACCEPT, REASON_RULE, "filter:FORWARD:rule:1");
}

static void test_accept_without_filter_names_the_last_step(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    verdict_end(&world, VERDICT_ACCEPT, REASON_POLICY, "mangle:INPUT:policy:1");
}

static void test_nat_last_at_the_end_is_accept(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M | N);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_say(&world, HOOK_POSTROUTING, "nat:POSTROUTING:rule:1");
    verdict_end(&world, VERDICT_ACCEPT, REASON_NAT, "nat:POSTROUTING:rule:1");
}

static void test_nat_last_before_the_end_is_unknown(void **state)
{
    (void)state;
    for (unsigned filter = 0; filter < 2; filter++) {
        struct build_world world;
        verdict_received(&world, filter ? R | N | F : R | N);
        build_say(&world, HOOK_PREROUTING, "nat:PREROUTING:rule:1");
        verdict_end(&world, VERDICT_UNKNOWN, REASON_NAT, "");
    }
}

static void test_queue_and_nothing_after(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:3");
    build_wait(&world, 119000);
    assert_int_equal(world.paths->len, 0);
    verdict_end(&world, VERDICT_UNKNOWN, REASON_QUEUE, "");
}

/* Nobody listens to the rule's queue, as a look before and one after have seen. */
static void test_a_queue_that_nobody_listens_to(void **state)
{
    (void)state;
    struct build_world world;
    const uint16_t other = 7;
    verdict_received(&world, R | F);
    rulebook_set_queues(world.book, &other, 1, world.now_ns - 2, world.now_ns - 1);
    world.time_us = world.now_ns / 1000;
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:3");
    rulebook_set_queues(world.book, &other, 1, world.now_ns + 100 * BUILD_MS, world.now_ns + 101 * BUILD_MS);
    build_wait(&world, 600);
    assert_int_equal(world.paths->len, 1);
    verdict_end(&world, VERDICT_DROP, REASON_QUEUE, "filter:INPUT:rule:3");
}

/* Somebody did at one of the looks, or nobody has looked since. */
static void test_a_queue_that_somebody_may_listen_to(void **state)
{
    (void)state;
    const uint16_t queue = 0;
    for (unsigned when = 0; when < 3; when++) {
        struct build_world world;
        verdict_received(&world, R | F);
        rulebook_set_queues(world.book, &queue, when == 0, world.now_ns - 2, world.now_ns - 1);
        world.time_us = world.now_ns / 1000;
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:3");
        if (when < 2)
            rulebook_set_queues(world.book, &queue, when == 1, world.now_ns + 100 * BUILD_MS,
                                world.now_ns + 101 * BUILD_MS);
        build_wait(&world, 119000);
        verdict_end(&world, VERDICT_UNKNOWN, REASON_QUEUE, "");
    }
}

/* When the recording ends it is in a program's hands. */
static void test_queue_at_the_end(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:3");
    assembler_finish(world.assembler);
    verdict_end(&world, VERDICT_QUEUE, REASON_RULE, "filter:INPUT:rule:3");
}

static void test_synproxy_and_nothing_after(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:4");
    verdict_end(&world, VERDICT_STOLEN, REASON_RULE, "filter:INPUT:rule:4");
}

/* TPROXY drops where it finds no socket; where it finds one, only routing can still drop. */
static void test_tproxy_and_nothing_after(void **state)
{
    (void)state;
    for (unsigned dropped = 0; dropped < 2; dropped++) {
        struct build_world world;
        verdict_begin(&world, R | F);
        build_put_rules(world.book, "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n"
                                    "-A PREROUTING -p udp -j TPROXY --on-port 1\nCOMMIT\n");
        if (!dropped) /* else as it is until somebody has looked */
            rulebook_set_routing_dropped(world.book, false);
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:rule:1");
        verdict_end(&world, dropped ? VERDICT_UNKNOWN : VERDICT_DROP, REASON_TPROXY,
                    dropped ? "" : "mangle:PREROUTING:rule:1");
    }
}

static void test_tproxy_that_goes_on(void **state)
{
    (void)state;
    struct build_world world;
    verdict_begin(&world, R | F);
    build_put_rules(world.book, "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n"
                                "-A PREROUTING -p udp -j TPROXY --on-port 1\nCOMMIT\n");
    rulebook_set_routing_dropped(world.book, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:rule:1");
    world.mark = 1;
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:5");
    verdict_end(&world, VERDICT_ACCEPT, REASON_RULE, "filter:INPUT:rule:5");
}

static void test_synproxy_that_goes_on(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:4");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:5");
    verdict_end(&world, VERDICT_ACCEPT, REASON_RULE, "filter:INPUT:rule:5");
}

static void test_silence_inside_a_table(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_TABLE, "");
}

/* It may have dropped the packet, or let it pass: nobody knows. */
static void test_unknown_target_and_silence(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:6");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_TABLE, "");
}

static void test_silence_after_raw(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M);
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_CONNTRACK, "");
}

static void test_silence_after_prerouting(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_ROUTING, "");
}

static void test_silence_before_postrouting(void **state)
{
    (void)state;
    struct build_world world;
    verdict_begin(&world, R | M);
    build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "mangle:OUTPUT:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_OUTPUT, "");

    verdict_received(&world, R | M);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_OUTPUT, "");
}

static void test_silence_between_tables_of_a_hook(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M | F);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_VANISHED_HOOK, "");
}

static void test_only_our_own_raw_table(void **state)
{
    (void)state;
    struct build_world world;
    verdict_begin(&world, R);
    rulebook_set_tables(world.book, 4, R, R);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_TABLES, "");
}

/* Who made a table does not matter: a second recorder finds the first one's raw, and `iptables-legacy -L`
 * makes an empty filter. */
static void test_only_empty_tables(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R);
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_TABLES, "");
    verdict_begin(&world, R);
    build_put_rules(world.book, "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_TABLES, "");
}

/* A chain that nobody uses yet is the administrator's, and so is a policy. */
static void test_a_chain_or_a_policy_of_the_users(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:users -\nCOMMIT\n",
        "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\nCOMMIT\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        struct build_world world;
        verdict_begin(&world, R);
        build_put_rules(world.book, rules[i]);
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:policy:1");
        verdict_end(&world, VERDICT_ACCEPT, REASON_POLICY, "filter:INPUT:policy:1");
    }
}

static void test_only_a_raw_table_of_the_users(void **state)
{
    (void)state;
    struct build_world world;
    verdict_begin(&world, R);
    build_put_rules(world.book,
                    "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n-A OUTPUT -p sctp -j NOTRACK\nCOMMIT\n");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    verdict_end(&world, VERDICT_ACCEPT, REASON_POLICY, "raw:PREROUTING:policy:1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_by_an_unconditional_rule),
        cmocka_unit_test(test_drop_by_policy),
        cmocka_unit_test(test_reject),
        cmocka_unit_test(test_accept_by_rule),
        cmocka_unit_test(test_accept_names_the_step_of_filter),
        cmocka_unit_test(test_accept_without_filter_names_the_last_step),
        cmocka_unit_test(test_nat_last_at_the_end_is_accept),
        cmocka_unit_test(test_nat_last_before_the_end_is_unknown),
        cmocka_unit_test(test_queue_and_nothing_after),
        cmocka_unit_test(test_a_queue_that_nobody_listens_to),
        cmocka_unit_test(test_a_queue_that_somebody_may_listen_to),
        cmocka_unit_test(test_queue_at_the_end),
        cmocka_unit_test(test_synproxy_and_nothing_after),
        cmocka_unit_test(test_tproxy_and_nothing_after),
        cmocka_unit_test(test_tproxy_that_goes_on),
        cmocka_unit_test(test_synproxy_that_goes_on),
        cmocka_unit_test(test_silence_inside_a_table),
        cmocka_unit_test(test_unknown_target_and_silence),
        cmocka_unit_test(test_silence_after_raw),
        cmocka_unit_test(test_silence_after_prerouting),
        cmocka_unit_test(test_silence_before_postrouting),
        cmocka_unit_test(test_silence_between_tables_of_a_hook),
        cmocka_unit_test(test_only_our_own_raw_table),
        cmocka_unit_test(test_only_empty_tables),
        cmocka_unit_test(test_a_chain_or_a_policy_of_the_users),
        cmocka_unit_test(test_only_a_raw_table_of_the_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
