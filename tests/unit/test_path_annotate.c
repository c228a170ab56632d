/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

/* Rules change while packets are under way. What may be said of them? */

#define RAW    "*raw\n:PREROUTING ACCEPT\nCOMMIT\n"
#define BEFORE "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j DROP\nCOMMIT\n"

static void begin(struct build_world *world)
{
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, BEFORE);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER, 0);
    world->now_ns += 10 * BUILD_MS;
    rulebook_suspect(world->book, 4, world->now_ns);
    world->now_ns += 10 * BUILD_MS;
}

static void settle(struct build_world *world, const char *filter)
{
    world->now_ns += 10 * BUILD_MS;
    build_put_rules(world->book, filter);
    rulebook_settle(world->book, 4, world->now_ns);
    assembler_rules_settled(world->assembler, 4, UINT64_MAX);
    build_wait(world, 1000);
}

static void say_drop(struct build_world *world)
{
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:2");
}

static void end(struct build_world *world, enum verdict verdict, enum reason reason, bool stale)
{
    assert_int_equal(world->paths->len, 1);
    build_assert_path(world, 0, verdict, reason, verdict == VERDICT_UNKNOWN ? "" : "filter:INPUT:rule:2");
    assert_int_equal(build_path_at(world->paths, 0)->stale, stale);
    build_world_done(world);
}

static void test_nothing_is_handed_out_while_it_is_not_sure(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 0);
    settle(&world, BEFORE);
    end(&world, VERDICT_DROP, REASON_RULE, false);
}

static void test_rules_that_say_the_same_of_it(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    settle(&world,
           "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j DROP\n-A INPUT -p tcp\n"
           "COMMIT\n");
    end(&world, VERDICT_DROP, REASON_RULE, false);
}

/* The new rules do not allow this walk: it was walked in the old ones. */
static void test_only_the_old_rules_allow_the_walk(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    settle(&world, "*filter\n:INPUT ACCEPT\n-A INPUT -j ACCEPT\nCOMMIT\n");
    end(&world, VERDICT_DROP, REASON_RULE, false);
}

/* Both do, and rule 2 is another in each: nobody knows whether the packet was dropped. */
static void test_either_may_have_been(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    settle(&world, "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n");
    end(&world, VERDICT_UNKNOWN, REASON_RULES_CHANGED, true);
}

/* The new rules know both messages, but not one after the other: rule 1 would have let it pass. */
static void test_the_new_rules_know_each_message_but_not_the_walk(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    settle(&world, "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j ACCEPT\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n");
    end(&world, VERDICT_DROP, REASON_RULE, false);
}

/* It went on after rule 1 and was not seen again: in the old rules that can be, in the new ones there is no
 * rule 1. */
static void test_an_unfinished_walk_is_better_than_an_impossible_one(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    settle(&world, "*filter\n:INPUT ACCEPT\nCOMMIT\n");
    end(&world, VERDICT_UNKNOWN, REASON_VANISHED_TABLE, false);
}

/* The step that decided stands in the filter table, and other tables come after it. */
static void test_what_decided_is_found_again(void **state)
{
    (void)state;
    struct build_world world;
    build_world_init(&world);
    build_put_rules(world.book, RAW);
    build_put_rules(world.book, BEFORE);
    build_put_rules(world.book, "*security\n:INPUT ACCEPT\nCOMMIT\n");
    rulebook_set_tables(world.book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER | 1 << TABLE_SECURITY, 0);
    rulebook_suspect(world.book, 4, world.now_ns);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_say(&world, HOOK_INPUT, "security:INPUT:policy:1");
    settle(&world, BEFORE);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_POLICY, "filter:INPUT:policy:3");
    assert_false(build_path_at(world.paths, 0)->stale);
    build_world_done(&world);
}

static void test_packets_before_and_after_are_sure(void **state)
{
    (void)state;
    struct build_world world;
    build_world_init(&world);
    build_put_rules(world.book, RAW);
    build_put_rules(world.book, BEFORE);
    rulebook_set_tables(world.book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER, 0);
    world.time_us = world.now_ns / 1000 + 10;
    say_drop(&world);
    world.now_ns += 10 * BUILD_MS;
    rulebook_suspect(world.book, 4, world.now_ns);
    settle(&world, "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j REJECT\nCOMMIT\n");
    world.packet.srcport++;
    world.time_us = world.now_ns / 1000 + 10;
    say_drop(&world);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    build_assert_path(&world, 1, VERDICT_REJECT, REASON_RULE, "filter:INPUT:rule:2");
    assert_false(build_path_at(world.paths, 0)->stale || build_path_at(world.paths, 1)->stale);
    build_world_done(&world);
}

/* The rules could not be read: it cannot wait for ever, and claims nothing. */
static void test_never_settled(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_drop(&world);
    build_wait(&world, 5000);
    end(&world, VERDICT_UNKNOWN, REASON_RULES_CHANGED, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_handed_out_while_it_is_not_sure),
        cmocka_unit_test(test_rules_that_say_the_same_of_it),
        cmocka_unit_test(test_only_the_old_rules_allow_the_walk),
        cmocka_unit_test(test_either_may_have_been),
        cmocka_unit_test(test_the_new_rules_know_each_message_but_not_the_walk),
        cmocka_unit_test(test_an_unfinished_walk_is_better_than_an_impossible_one),
        cmocka_unit_test(test_what_decided_is_found_again),
        cmocka_unit_test(test_packets_before_and_after_are_sure),
        cmocka_unit_test(test_never_settled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
