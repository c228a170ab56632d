/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A step is sure when a look that began after its message has found what the book has. */
#include "tests/unit/trace_build.h"

#define RAW    "*raw\n:PREROUTING ACCEPT\nCOMMIT\n"
#define DROPS  "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j DROP\nCOMMIT\n"
#define LETS   "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j ACCEPT\nCOMMIT\n"
#define MANGLE "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:POSTROUTING ACCEPT\nCOMMIT\n"

#define WAIT_MS 250

static void begin_with(struct build_world *world, const char *filter, const struct assembler_limits *limits)
{
    build_world_init(world);
    assembler_free(world->assembler);
    world->assembler = assembler_new(world->book, limits, build_collect, world->paths);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, filter);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER, 0);
}

static void begin(struct build_world *world)
{
    begin_with(world, DROPS, &(struct assembler_limits){.confirm_wait_ns = WAIT_MS * BUILD_MS});
}

static void say_packet(struct build_world *world)
{
    world->packet.id++;
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:2");
}

/* A look finds other rules: they came into force since `from_ns` and until now. */
static void find_change(struct build_world *world, const char *filter, uint64_t from_ns)
{
    struct ruleset *ruleset = build_ruleset(filter);
    assert_true(rulebook_change(world->book, ruleset, (struct interval){from_ns, world->now_ns}));
    ruleset_unref(ruleset);
    rulebook_settle(world->book, 4, world->now_ns);
    assembler_rules_settled(world->assembler, 4, from_ns);
    assembler_rules_confirmed(world->assembler, 4, assembler_mark(world->assembler));
}

static void test_it_waits_for_a_look(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    assert_false(assembler_waits(world.assembler, 4));
    say_packet(&world);
    assert_true(assembler_waits(world.assembler, 4));
    assert_false(assembler_waits(world.assembler, 6));
    build_wait(&world, 100);
    assert_int_equal(world.paths->len, 0);
    assembler_rules_confirmed(world.assembler, 6, assembler_mark(world.assembler));
    assert_int_equal(world.paths->len, 0);
    assembler_rules_confirmed(world.assembler, 4, assembler_mark(world.assembler));
    assert_false(assembler_waits(world.assembler, 4));
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    assert_false(build_path_at(world.paths, 0)->stale);
    build_world_done(&world);
}

/* The order of the loop, forced: the lock is looked at, then rules change, then messages are read, and then a
 * look is asked for. What the look finds is known of the messages before it, and of no other. */
static void test_what_changes_between_the_lock_and_the_messages(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_packet(&world);
    uint64_t mark = assembler_mark(world.assembler), asked_ns = world.now_ns;
    say_packet(&world); /* read after the question, and made by other rules */
    build_wait(&world, 20);
    assembler_rules_confirmed(world.assembler, 4, mark);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    find_change(&world, LETS, asked_ns);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 1, VERDICT_UNKNOWN, REASON_RULES_CHANGED, "");
    assert_true(build_path_at(world.paths, 1)->stale);
    build_world_done(&world);
}

static void test_a_change_that_means_the_same(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    uint64_t asked_ns = world.now_ns;
    say_packet(&world);
    build_wait(&world, 20);
    find_change(&world,
                "*filter\n:INPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j DROP\n-A INPUT -p tcp\n"
                "COMMIT\n",
                asked_ns);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    assert_false(build_path_at(world.paths, 0)->stale);
    build_world_done(&world);
}

/* It was dropped by the rules of the book, and went on by those in force: still one packet, of which nothing
 * was lost. */
static void test_a_path_that_the_old_rules_had_ended(void **state)
{
    (void)state;
    struct build_world world;
    begin_with(&world, "*filter\n:FORWARD ACCEPT\n-A FORWARD -p udp -j DROP\nCOMMIT\n",
               &(struct assembler_limits){.confirm_wait_ns = WAIT_MS * BUILD_MS});
    build_put_rules(world.book, MANGLE);
    uint64_t asked_ns = world.now_ns;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_wait(&world, 100);
    find_change(&world, "*filter\n:FORWARD ACCEPT\n-A FORWARD -p udp -j ACCEPT\nCOMMIT\n", asked_ns);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_RULE, "filter:FORWARD:rule:1");
    assert_false(build_path_at(world.paths, 0)->stale);
    assert_false(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

/* Where no look explains it, something was missing. */
static void test_a_contradiction_that_no_change_explains(void **state)
{
    (void)state;
    struct build_world world;
    begin_with(&world, "*filter\n:FORWARD ACCEPT\n-A FORWARD -p udp -j DROP\nCOMMIT\n",
               &(struct assembler_limits){.confirm_wait_ns = WAIT_MS * BUILD_MS});
    build_put_rules(world.book, MANGLE);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:rule:1");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_wait(&world, 210);
    assembler_rules_confirmed(world.assembler, 4, assembler_mark(world.assembler));
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

static void test_a_pipe_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    uint64_t begin_ns = world.now_ns;
    say_packet(&world);
    uint64_t end_ns = world.now_ns;
    build_wait(&world, 6 + WAIT_MS);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    assert_false(build_path_at(world.paths, 0)->stale); /* nothing speaks for a change */
    struct assembler_unconfirmed unconfirmed = assembler_take_unconfirmed(world.assembler, 4);
    assert_int_equal(unconfirmed.paths, 1);
    assert_true(unconfirmed.from_ns <= begin_ns + BUILD_MS && unconfirmed.to_ns >= end_ns);
    assert_int_equal(assembler_take_unconfirmed(world.assembler, 4).paths, 0);
    assert_int_equal(assembler_take_unconfirmed(world.assembler, 6).paths, 0);
    build_world_done(&world);
}

static void test_what_leaves_under_suspicion_says_so(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world);
    say_packet(&world);
    build_wait(&world, 20);
    rulebook_suspect(world.book, 4, world.now_ns - 30 * BUILD_MS);
    build_wait(&world, WAIT_MS);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_RULES_CHANGED, "");
    assert_int_equal(assembler_take_unconfirmed(world.assembler, 4).paths, 0);
    build_world_done(&world);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct build_world world;
    begin_with(&world, DROPS,
               &(struct assembler_limits){.confirm_wait_ns = 10000 * BUILD_MS, .waiting_bytes = 40000});
    for (unsigned i = 0; i < 100; i++)
        say_packet(&world);
    build_wait(&world, 10);
    assert_in_range(world.paths->len, 70, 99);
    assert_int_equal(assembler_take_unconfirmed(world.assembler, 4).paths, world.paths->len);
    for (guint i = 1; i < world.paths->len; i++)
        assert_true(build_path_at(world.paths, i)->path.first_number >
                    build_path_at(world.paths, i - 1)->path.first_number);
    assembler_finish(world.assembler);
    assert_int_equal(world.paths->len, 100);
    build_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_waits_for_a_look),
        cmocka_unit_test(test_what_changes_between_the_lock_and_the_messages),
        cmocka_unit_test(test_a_change_that_means_the_same),
        cmocka_unit_test(test_a_path_that_the_old_rules_had_ended),
        cmocka_unit_test(test_a_contradiction_that_no_change_explains),
        cmocka_unit_test(test_a_pipe_does_not_wait_for_ever),
        cmocka_unit_test(test_what_leaves_under_suspicion_says_so),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
