/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Verdicts where rules are not known, messages were lost, or the recording ended first. */
#include "tests/unit/verdict_build.h"

/* "policy" may be a rule, and DROP as well as ACCEPT. */
static void test_no_rules(void **state)
{
    (void)state;
    struct build_world world;
    build_world_init(&world);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_RULES, "");
}

/* Also where the file that is replayed ends: nothing was lost. */
static void test_no_rules_when_the_recording_ends(void **state)
{
    (void)state;
    struct build_world world;
    build_world_init(&world);
    build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:2");
    build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:rule:1");
    assembler_finish(world.assembler);
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_RULES, "");
}

static void test_tables_known_but_not_their_rules(void **state)
{
    (void)state;
    struct build_world world;
    build_world_init(&world);
    rulebook_set_tables(world.book, 4, R | F, 0);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:1");
    verdict_end(&world, VERDICT_UNKNOWN, REASON_NO_RULES, "");
}

/* The recording ends: silence says nothing then, but what was seen stands. */
static void test_the_recording_ends(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
    assembler_finish(world.assembler);
    assert_int_equal(world.paths->len, 3);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_LOST, "");
    build_assert_path(&world, 1, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    build_assert_path(&world, 2, VERDICT_ACCEPT, REASON_RULE, "filter:FORWARD:rule:1");
    build_world_done(&world);
}

static void test_loss_and_then_silence(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | F);
    assembler_lost(world.assembler);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_LOST, "");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

/* What filter said was lost: the packet came through, but nobody knows by which rule. */
static void test_loss_of_the_deciding_step(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M | F);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    world.lost_before = 1;
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_LOST, "");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

#define NESTED "*filter\n:INPUT ACCEPT\n:user -\n-A INPUT -p udp -j user\n-A user -p udp -j LOG\nCOMMIT\n"

static void begin_nested(struct build_world *world)
{
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, NESTED);
    rulebook_set_tables(world->book, 4, R | F, 0);
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:1");
}

/* The end of the chain was lost, which is no sign of other rules than ours. */
static void test_loss_inside_a_table(void **state)
{
    (void)state;
    struct build_world world;
    begin_nested(&world);
    world.lost_before = 1;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_POLICY, "filter:INPUT:policy:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    assert_false(build_path_at(world.paths, 0)->stale);
    build_world_done(&world);
}

/* The same without a loss: these are other rules than ours. */
static void test_contradiction_inside_a_table(void **state)
{
    (void)state;
    struct build_world world;
    begin_nested(&world);
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_RULES_CHANGED, "");
    assert_true(build_path_at(world.paths, 0)->stale);
    build_world_done(&world);
}

/* What nat may have said was perhaps lost: it may have been NFQUEUE. */
static void test_loss_where_nat_may_have_spoken(void **state)
{
    (void)state;
    for (unsigned after = 0; after < 2; after++) {
        struct build_world world;
        verdict_received(&world, R | N | F);
        world.lost_before = !after;
        build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
        if (after)
            assembler_lost(world.assembler);
        build_wait(&world, 1000);
        assert_int_equal(world.paths->len, 1);
        if (after)
            build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_LOST, "");
        else
            build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_RULE, "filter:FORWARD:rule:1");
        build_world_done(&world);
    }
}

static void test_drop_stands_although_messages_were_lost(void **state)
{
    (void)state;
    struct build_world world;
    verdict_received(&world, R | M | F);
    world.lost_before = 2;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_rules),
        cmocka_unit_test(test_no_rules_when_the_recording_ends),
        cmocka_unit_test(test_tables_known_but_not_their_rules),
        cmocka_unit_test(test_the_recording_ends),
        cmocka_unit_test(test_loss_and_then_silence),
        cmocka_unit_test(test_loss_of_the_deciding_step),
        cmocka_unit_test(test_loss_inside_a_table),
        cmocka_unit_test(test_contradiction_inside_a_table),
        cmocka_unit_test(test_loss_where_nat_may_have_spoken),
        cmocka_unit_test(test_drop_stands_although_messages_were_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
