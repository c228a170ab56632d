/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

/* Two packets that look the same to the key are under way; what tells them apart? */

#define RAW "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -p udp -j LOG\n-A PREROUTING -p udp\nCOMMIT\n"
#define MANGLE                                                                                               \
    "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n-A PREROUTING -p udp -j MARK --set-xmark " \
    "0x1\n"                                                                                                  \
    "-A PREROUTING -p udp\nCOMMIT\n"
#define FILTER "*filter\n:INPUT DROP\n:FORWARD ACCEPT\nCOMMIT\n"

static void begin(struct build_world *world, bool nat)
{
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, MANGLE);
    build_put_rules(world->book, FILTER);
    rulebook_set_tables(world->book, 4,
                        1 << TABLE_RAW | 1 << TABLE_MANGLE | 1 << TABLE_FILTER | nat << TABLE_NAT, 0);
}

static void say_raw(struct build_world *world)
{
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:3");
}

/* The message after the two beginnings, numbers 1 and 2, is of the path that begins with `first`. */
static void end(struct build_world *world, uint64_t first, bool ambiguous)
{
    build_wait(world, 1000);
    bool found = false;
    for (guint i = 0; i < world->paths->len; i++) {
        const struct build_path *path = build_path_at(world->paths, i);
        bool has = path->numbers[path->count - 1] == world->number;
        found = found || (has && path->numbers[0] == first);
        if (has) {
            assert_int_equal(path->numbers[0], first);
            assert_int_equal(path->path.ambiguous, ambiguous);
        }
    }
    assert_true(found);
    build_world_done(world);
}

static void test_nothing_and_the_same_history_is_the_oldest(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    end(&world, 1, false);
}

static void test_nothing_and_other_histories_is_ambiguous(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:rule:2");
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_true(build_path_at(world.paths, 0)->path.ambiguous); /* both: one misses what the other has */
    assert_true(build_path_at(world.paths, 1)->path.ambiguous);
    build_world_done(&world);
}

static void test_destination(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    world.packet.dst++;
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    end(&world, 2, false);
}

/* Without nat no destination changes: a packet whose beginning was missed is no other's. */
static void test_another_destination_never_joins(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    world.packet.dst++;
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    build_world_done(&world);
}

static void test_nat_changes_the_destination(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    world.packet.dst++; /* of a connection that nat knows: it says nothing */
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    end(&world, 1, false);
}

static void test_interfaces(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    world.in = "veth1";
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    end(&world, 2, false);
}

static void test_mark(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    world.mark = 5;
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    end(&world, 2, false);
}

/* Behind a rule that may have set it the mark tells nothing. */
static void test_mark_that_may_have_changed(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    say_raw(&world);
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:rule:1");
    world.mark = 1;
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    end(&world, 1, false);
}

static void test_ttl_is_one_less_when_forwarded(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    for (unsigned i = 0; i < 2; i++) {
        world.packet.ttl = (uint8_t)(60 + i);
        say_raw(&world);
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    }
    world.packet.ttl = 60; /* of the second, which had 61 */
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:1");
    end(&world, 3, false);
}

static void test_time_of_arrival(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    /* The host gives arrival times: every message of a packet has the same. */
    for (unsigned i = 0; i < 40; i++) {
        world.packet.srcport++;
        world.time_us = 1700000000000000 + i;
        say_raw(&world);
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    }
    build_wait(&world, 1000);
    g_array_set_size(world.paths, 0);
    uint64_t first = world.number + 1;
    world.packet.srcport++;
    for (unsigned i = 0; i < 2; i++) {
        world.time_us++;
        say_raw(&world);
    }
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:3");
    end(&world, first + 1, false);
}

/* The second's beginning could be the first's end, and was taken for that. */
static void test_beginning_that_fits_to_another(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:rule:1");
    say_raw(&world); /* of the second */
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:rule:1");
    say_raw(&world); /* of the first */
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_true(build_path_at(world.paths, 0)->path.ambiguous);
    assert_true(build_path_at(world.paths, 1)->path.ambiguous);
    build_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_and_the_same_history_is_the_oldest),
        cmocka_unit_test(test_nothing_and_other_histories_is_ambiguous),
        cmocka_unit_test(test_destination),
        cmocka_unit_test(test_another_destination_never_joins),
        cmocka_unit_test(test_nat_changes_the_destination),
        cmocka_unit_test(test_interfaces),
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_mark_that_may_have_changed),
        cmocka_unit_test(test_ttl_is_one_less_when_forwarded),
        cmocka_unit_test(test_time_of_arrival),
        cmocka_unit_test(test_beginning_that_fits_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
