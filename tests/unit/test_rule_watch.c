/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* When to look at the rules, and what an answer means: each phase, with the time as an argument. */
#include "recorder/legacy/kernel/rule_watch.h"

#include "tests/unit/unit.h"

#define MS    1000000ull
#define EPOCH 1700000000000000000ull /* of the realtime clock, where the monotonic one shows 0 */

struct world {
    struct rule_watch watch;
    struct ruleset_state state; /* of the tables, as the kernel has them */
    uint64_t ms;
    uint64_t mark;
    bool packets_wait;
};

static struct moment at(uint64_t ms)
{
    return (struct moment){{ms * MS}, EPOCH + ms * MS};
}

static void put_table(struct ruleset_state *state, const char *name, uint64_t hash)
{
    struct table_state *table = &state->tables[state->table_count++];
    *table = (struct table_state){.entries = 10, .size = 1000, .hash = hash};
    g_strlcpy(table->name, name, sizeof table->name);
}

static void begin(struct world *world, bool reads_all)
{
    *world = (struct world){.ms = 1000, .packets_wait = true};
    put_table(&world->state, "raw", 1);
    put_table(&world->state, "filter", 2);
    rule_watch_init(&world->watch, &world->state, at(world->ms), reads_all);
}

static void want(struct world *world, enum rule_watch_wish wanted)
{
    enum rule_watch_wish wish = rule_watch_wish(&world->watch, at(world->ms), world->packets_wait);
    assert_int_equal(wish, wanted);
    rule_watch_asked(&world->watch, wish, at(world->ms), world->mark);
}

static enum rule_watch_found answer(struct world *world, uint64_t after_ms)
{
    world->ms += after_ms;
    return rule_watch_take_state(&world->watch, &world->state, at(world->ms));
}

/* A look that finds everything as it was; leaves the watch idle. */
static void look_in_vain(struct world *world)
{
    want(world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(world, 1), RULE_WATCH_FOUND_SAME);
}

static void lock(struct world *world, int openings, unsigned holders, uint64_t since_ms)
{
    const struct lock_state state = {openings, holders, 0};
    rule_watch_take_lock(&world->watch, &state, EPOCH + since_ms * MS);
}

static void assert_change(const struct world *world, uint64_t from_ms, uint64_t to_ms)
{
    assert_int_equal(world->watch.change.from_ns, EPOCH + from_ms * MS);
    assert_int_equal(world->watch.change.to_ns, EPOCH + to_ms * MS);
}

/* ---- Nothing changes ---- */

static void test_a_look_confirms_what_came_before_it_was_asked_for(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.mark = 7;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    want(&world, RULE_WATCH_WANTS_NOTHING);
    assert_int_equal(rule_watch_due(&world.watch, true).ns, UINT64_MAX);
    world.mark = 9; /* read between question and answer: the look may have been before them */
    assert_int_equal(answer(&world, 3), RULE_WATCH_FOUND_SAME);
    assert_int_equal(world.watch.mark, 7);
    assert_int_equal(world.watch.verified_ns, EPOCH + 1000 * MS);
    assert_false(world.watch.has_doubt);
}

static void test_looks_take_a_part_of_the_time(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.state.cpu_ns = 16 * MS; /* 20 000 rules */
    look_in_vain(&world);         /* done at 1001 */
    world.watch.sizes_at = (struct monotonic){UINT64_MAX / 2};
    assert_int_equal(rule_watch_due(&world.watch, true).ns, (1001 + 16 * 24) * MS);
    assert_int_equal(rule_watch_due(&world.watch, false).ns, (1001 + 2000) * MS);
    world.ms = 1001 + 16 * 24 - 1;
    want(&world, RULE_WATCH_WANTS_NOTHING);
    world.ms++;
    world.state.cpu_ns = 100 * MS; /* 100 000 */
    look_in_vain(&world);
    world.watch.sizes_at = (struct monotonic){UINT64_MAX / 2};
    assert_int_equal(rule_watch_due(&world.watch, false).ns, (world.ms + 100 * 99) * MS);
    /* However little it takes, they are 10 ms apart. */
    world.ms += 2400;
    world.state.cpu_ns = 0;
    look_in_vain(&world);
    assert_int_equal(rule_watch_due(&world.watch, true).ns, (world.ms + 10) * MS);
    rule_watch_hurry(&world.watch);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
}

static void test_sizes_are_looked_at_in_between(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.state.cpu_ns = 16 * MS;
    look_in_vain(&world);
    world.ms += 20;
    want(&world, RULE_WATCH_WANTS_SIZES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);
    world.state.tables[1].size += 100;
    world.ms += 20;
    want(&world, RULE_WATCH_WANTS_SIZES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SIGN);
    assert_int_equal(world.watch.signed_ns, world.watch.verified_ns);
    world.ms += 20;
    want(&world, RULE_WATCH_WANTS_SIZES); /* said once */
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);

    begin(&world, false);
    look_in_vain(&world);
    world.packets_wait = false;
    world.ms += 499;
    want(&world, RULE_WATCH_WANTS_NOTHING);
    world.ms += 1;
    want(&world, RULE_WATCH_WANTS_SIZES);
    put_table(&world.state, "nat", 3);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SIGN);
}

/* ---- A change ---- */

static void test_a_change_lies_between_two_looks(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.mark = 5;
    look_in_vain(&world); /* asked at 1000 */
    world.ms = 1020;
    world.mark = 10;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 22;
    assert_int_equal(answer(&world, 4), RULE_WATCH_FOUND_SIGN); /* seen at 1024 */
    assert_int_equal(world.watch.signed_ns, EPOCH + 1000 * MS); /* what leaves from now on is not sure */
    assert_int_equal(world.watch.wanted, 1 << 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    want(&world, RULE_WATCH_WANTS_NOTHING);
    assert_int_equal(rule_watch_due(&world.watch, true).ns, UINT64_MAX);
    world.ms = 1030;
    rule_watch_take_text(&world.watch, "filter", 22);
    world.mark = 15;
    want(&world, RULE_WATCH_WANTS_ENTRIES); /* the check, at once */
    assert_int_equal(answer(&world, 4), RULE_WATCH_FOUND_CHANGE);
    assert_change(&world, 1000, 1024);
    assert_int_equal(world.watch.verified_ns, EPOCH + 1030 * MS);
    assert_int_equal(world.watch.mark, 15);
    assert_int_equal(world.watch.signed_ns, 0);
    assert_false(world.watch.has_doubt);
    assert_false(rule_watch_changed_own(&world.watch, "filter"));
    assert_true(rule_watch_changed_own(&world.watch, "raw"));
    assert_false(rule_watch_changed_own(&world.watch, "nat"));
    world.ms += 10;
    look_in_vain(&world);
}

static void test_what_changes_while_it_is_read_is_read_again(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 22;
    answer(&world, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 22);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 23;
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 23);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
    assert_change(&world, 1000, 1002);
    /* Those of 22 are nobody's any more: what was in force meanwhile is not known. */
    assert_true(world.watch.has_doubt);
    assert_int_equal(world.watch.doubt.from_ns, EPOCH + 1000 * MS);
    assert_int_equal(world.watch.doubt.to_ns, EPOCH + 1002 * MS);
    world.ms += 10;
    look_in_vain(&world);
    assert_false(world.watch.has_doubt);
}

/* Seen for certain, and gone before anybody could read it. */
static void test_a_change_that_is_undone_while_it_is_read(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 22;
    answer(&world, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 22);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 2;
    answer(&world, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 2);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE); /* to what the book has */
    assert_true(world.watch.has_doubt);
}

/* A text that cannot be read leaves the suspicion that there is. */
static void test_a_change_that_cannot_be_read(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 22;
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SIGN);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_failure(&world.watch, at(world.ms));
    assert_int_equal(world.watch.signed_ns, EPOCH + 1000 * MS);
    world.ms += 10;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[1].hash = 2; /* changed back */
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SAME);
    assert_int_equal(world.watch.signed_ns, 0);
    assert_true(world.watch.has_doubt); /* once it was another */
    assert_int_equal(world.watch.doubt.from_ns, EPOCH + 1000 * MS);
}

static void look_at_sizes(struct world *world, uint64_t size)
{
    world->state.tables[1].size = size;
    world->ms += 20;
    want(world, RULE_WATCH_WANTS_SIZES);
    answer(world, 1);
}

static void test_sizes_that_are_the_former_ones_again(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.state.cpu_ns = 16 * MS;
    look_in_vain(&world);
    look_at_sizes(&world, 1100);
    world.state.tables[1].size = 1000;
    world.ms += 16 * 24;
    look_in_vain(&world);
    assert_true(world.watch.has_doubt);
    assert_true(world.watch.had_others);
    assert_int_equal(world.watch.doubt.from_ns, EPOCH + 1000 * MS);

    /* Back already at the next look at the sizes, or others again. */
    look_at_sizes(&world, 1100);
    look_at_sizes(&world, 1000);
    world.ms += 16 * 24;
    look_in_vain(&world);
    assert_true(world.watch.has_doubt);
    look_at_sizes(&world, 1100);
    look_at_sizes(&world, 1200);
    assert_true(world.watch.saw_others);
}

/* What the sizes showed is what the entries are: one change. */
static void test_sizes_that_stay(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.state.cpu_ns = 16 * MS;
    look_in_vain(&world);
    look_at_sizes(&world, 1100);
    look_at_sizes(&world, 1100);
    world.state.tables[1].hash = 22;
    world.ms += 16 * 24;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    answer(&world, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 22);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
    assert_false(world.watch.has_doubt);
}

/* Changed and changed back: both looks find the same, the text is of what was in between. */
static void test_a_text_of_other_entries_is_not_taken(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.tables[0].hash = 11;
    world.state.tables[1].hash = 22;
    answer(&world, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "raw", 11);
    rule_watch_take_text(&world.watch, "filter", 99);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);
    assert_int_equal(world.watch.wanted, 1 << 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 22);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
}

static void test_rules_that_never_hold_still(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.mark = 3;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    for (unsigned i = 0; i < 3; i++) {
        world.state.tables[1].hash = 100 + i;
        assert_int_equal(answer(&world, 1), i == 0 ? RULE_WATCH_FOUND_SIGN : RULE_WATCH_FOUND_NOTHING);
        want(&world, RULE_WATCH_WANTS_TEXTS);
        rule_watch_take_text(&world.watch, "filter", 100 + i);
        want(&world, RULE_WATCH_WANTS_ENTRIES);
    }
    world.state.tables[1].hash = 200;
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_UNREST);
    assert_change(&world, 1000, world.ms);
    assert_int_equal(world.watch.mark, 0); /* nothing was confirmed */
    assert_int_not_equal(world.watch.signed_ns, 0);
    /* The next look reads everything. */
    world.ms += 10;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);
    assert_int_equal(world.watch.wanted, 3);
}

static void test_a_table_that_goes(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    world.state.table_count = 1;
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SIGN);
    want(&world, RULE_WATCH_WANTS_ENTRIES); /* no text to read: the check */
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
}

static void test_our_own_rules_go_out(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    world.state.tables[0].own_rules = 2;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING); /* nobody else's rule is in doubt */
    assert_int_equal(world.watch.wanted, 1);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "raw", 1);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
    assert_true(rule_watch_changed_own(&world.watch, "raw"));
}

/* ---- The lock ---- */

static void test_one_who_had_the_lock(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    look_in_vain(&world);
    world.ms = 1005;
    lock(&world, 1, 1, 1004);
    assert_int_equal(world.watch.signed_ns, EPOCH + 1004 * MS);
    world.ms = 1025;
    want(&world, RULE_WATCH_WANTS_SIZES); /* it may be about to change something: 50 ms since the last look */
    answer(&world, 0);
    world.ms = 1050;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SAME);
    assert_false(world.watch.has_doubt);
    assert_int_equal(world.watch.signed_ns, EPOCH + 1050 * MS); /* it still has it */
    lock(&world, 1, 0, 1051);
    world.ms = 1061;
    look_in_vain(&world);
    assert_int_equal(world.watch.signed_ns, 0);
}

static void test_two_who_had_the_lock_may_have_changed_it_back(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    look_in_vain(&world);
    lock(&world, 2, 0, 1002);
    world.ms = 1020;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SAME);
    assert_true(world.watch.has_doubt);
    assert_int_equal(world.watch.doubt.from_ns, EPOCH + 1002 * MS);
    assert_int_equal(world.watch.doubt.to_ns, EPOCH + 1020 * MS);
    world.ms = 1040;
    look_in_vain(&world);
    assert_false(world.watch.has_doubt); /* what was judged is judged */
}

/* The first had it before the look was asked for, the second after: the kernel's answer is of between the
 * two. */
static void test_the_lock_is_read_again_when_the_answer_is_there(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    look_in_vain(&world);
    lock(&world, 1, 0, 1002);
    world.ms = 1020;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    lock(&world, 2, 0, 1020);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SAME);
    assert_true(world.watch.has_doubt);
    assert_int_equal(world.watch.signed_ns, EPOCH + 1020 * MS); /* the second may have changed it since */
}

static void test_a_sign_of_something_else(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    look_in_vain(&world);
    world.packets_wait = false;
    rule_watch_take_sign(&world.watch);
    assert_int_equal(world.watch.signed_ns, world.watch.verified_ns);
    world.ms += 10; /* soon, though no packet waits */
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    rule_watch_take_sign(&world.watch); /* it may be of after the look */
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_SAME);
    assert_false(world.watch.has_doubt);
    assert_int_equal(world.watch.signed_ns, world.watch.asked.realtime_ns);
    world.ms += 10;
    look_in_vain(&world);
    assert_int_equal(world.watch.signed_ns, 0);
}

/* ---- The first reading ---- */

static void test_all_texts_are_read_first(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    assert_true(world.watch.is_first);
    assert_int_equal(rule_watch_due(&world.watch, false).ns, 0);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "raw", 1);
    want(&world, RULE_WATCH_WANTS_NOTHING);
    rule_watch_take_text(&world.watch, "filter", 2);
    world.ms += 500;
    world.state.tables[0].own_rules = 2; /* ours went in meanwhile */
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
    assert_false(world.watch.is_first);
    assert_false(world.watch.has_moved);
    assert_change(&world, 1000, 1000);
}

static void test_tables_that_change_before_they_were_read(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "raw", 1);
    rule_watch_take_text(&world.watch, "filter", 2);
    world.state.tables[1].hash = 22;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_NOTHING);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_text(&world.watch, "filter", 22);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    assert_int_equal(answer(&world, 1), RULE_WATCH_FOUND_CHANGE);
    assert_true(world.watch.has_moved);
}

static void test_a_failure_is_tried_again(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    want(&world, RULE_WATCH_WANTS_TEXTS);
    rule_watch_take_failure(&world.watch, at(world.ms));
    want(&world, RULE_WATCH_WANTS_NOTHING);
    world.ms += 500;
    want(&world, RULE_WATCH_WANTS_TEXTS);

    begin(&world, false);
    want(&world, RULE_WATCH_WANTS_ENTRIES);
    rule_watch_take_failure(&world.watch, at(world.ms));
    assert_int_equal(answer(&world, 0), RULE_WATCH_FOUND_NOTHING); /* nobody's any more */
    world.ms += 10;
    want(&world, RULE_WATCH_WANTS_ENTRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_look_confirms_what_came_before_it_was_asked_for),
        cmocka_unit_test(test_looks_take_a_part_of_the_time),
        cmocka_unit_test(test_sizes_are_looked_at_in_between),
        cmocka_unit_test(test_a_change_lies_between_two_looks),
        cmocka_unit_test(test_what_changes_while_it_is_read_is_read_again),
        cmocka_unit_test(test_a_change_that_is_undone_while_it_is_read),
        cmocka_unit_test(test_a_change_that_cannot_be_read),
        cmocka_unit_test(test_sizes_that_are_the_former_ones_again),
        cmocka_unit_test(test_sizes_that_stay),
        cmocka_unit_test(test_a_text_of_other_entries_is_not_taken),
        cmocka_unit_test(test_rules_that_never_hold_still),
        cmocka_unit_test(test_a_table_that_goes),
        cmocka_unit_test(test_our_own_rules_go_out),
        cmocka_unit_test(test_one_who_had_the_lock),
        cmocka_unit_test(test_two_who_had_the_lock_may_have_changed_it_back),
        cmocka_unit_test(test_the_lock_is_read_again_when_the_answer_is_there),
        cmocka_unit_test(test_a_sign_of_something_else),
        cmocka_unit_test(test_all_texts_are_read_first),
        cmocka_unit_test(test_tables_that_change_before_they_were_read),
        cmocka_unit_test(test_a_failure_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
