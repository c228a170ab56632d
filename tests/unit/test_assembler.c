/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The assembler, one thing at a time. */
#include "tests/unit/trace_build.h"

#include <time.h>

#include "recorder/legacy/walk/assembler.h"

#define RAW "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
#define MANGLE                                                                                               \
    "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"     \
    "-A FORWARD -p udp -j NFQUEUE --queue-num 0\nCOMMIT\n"
#define FILTER                                                                                               \
    "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n-A INPUT -p udp -j LOG\n-A INPUT -p udp -j "     \
    "DROP\n"                                                                                                 \
    "-A FORWARD -o a -j ACCEPT\nCOMMIT\n"

static void begin(struct build_world *world, bool mangle)
{
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, FILTER);
    if (mangle)
        build_put_rules(world->book, MANGLE);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER | mangle << TABLE_MANGLE, 0);
}

static struct assembler_counts counts_of(const struct build_world *world)
{
    struct assembler_counts counts;
    assembler_get_counts(world->assembler, &counts);
    return counts;
}

static void test_loopback_is_two_packets(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    world.in = world.out = "lo";
    build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "mangle:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:policy:1");
    build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 0, VERDICT_ACCEPT, REASON_POLICY, "filter:OUTPUT:policy:1");
    build_assert_path(&world, 1, VERDICT_ACCEPT, REASON_POLICY, "filter:INPUT:policy:3");
    assert_false(build_path_at(world.paths, 1)->path.ambiguous);
    build_world_done(&world);
}

/* CLOCK_REALTIME may be set, an hour back and forth, in the middle of packets: order goes by the stream. */
static void test_the_clock_is_set_back(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    world.in = world.out = "lo";
    const uint64_t hour_us = 3600000000, now_us = BUILD_RECEIVED_NS / 1000;
    for (unsigned packet = 0; packet < 2; packet++) {
        uint64_t before_us = packet == 0 ? now_us : now_us - hour_us,
                 after_us = 2 * now_us - hour_us - before_us;
        build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
        build_say(&world, HOOK_OUTPUT, "mangle:OUTPUT:policy:1");
        build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:policy:1");
        build_say(&world, HOOK_POSTROUTING, "mangle:POSTROUTING:policy:1");
        world.time_us = before_us;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
        world.time_us = after_us;
        build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
        build_wait(&world, 1000);
        assert_int_equal(world.paths->len, 2 * packet + 2);
        build_assert_path(&world, 2 * packet, VERDICT_ACCEPT, REASON_POLICY, "filter:OUTPUT:policy:1");
        build_assert_path(&world, 2 * packet + 1, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
        assert_int_equal(build_path_at(world.paths, 2 * packet + 1)->count, 5);
        assert_false(build_path_at(world.paths, 2 * packet + 1)->path.incomplete);
    }
    build_world_done(&world);
}

/* A bridge floods: PREROUTING once, FORWARD for each port. */
static void test_copies_share_the_beginning(void **state)
{
    (void)state;
    static const char *const ports[] = {"a", "b", "c"};
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    for (unsigned i = 0; i < 3; i++) {
        world.out = ports[i];
        build_say(&world, HOOK_FORWARD, i == 0 ? "filter:FORWARD:rule:1" : "filter:FORWARD:policy:2");
    }
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct build_path *path = build_path_at(world.paths, i);
        assert_true(path->path.copy);
        assert_false(path->path.incomplete);
        assert_int_equal(path->count, 2);
        assert_int_equal(path->numbers[0], 1);
        assert_int_equal(path->numbers[1], i + 2);
        assert_int_equal(path->path.verdict, i == 0 ? VERDICT_ACCEPT : VERDICT_DROP);
    }
    build_world_done(&world);
}

/* A broadcast by a bridge that has an address: on to each port, and in; whichever comes first. */
static void check_copies_both_ways(bool on_first)
{
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    for (unsigned i = 0; i < 2; i++) {
        bool on = on_first == (i == 0);
        world.out = on ? "b" : NULL;
        if (on) {
            build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
        } else {
            build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
            build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
        }
    }
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct build_path *path = build_path_at(world.paths, i);
        assert_true(path->path.copy);
        assert_false(path->path.incomplete);
        assert_int_equal(path->numbers[0], 1);
        assert_int_equal(path->count, path->path.verdict == VERDICT_DROP ? 2 : 3);
        assert_int_equal(path->path.verdict, on_first == (i == 0) ? VERDICT_DROP : VERDICT_ACCEPT);
    }
    assert_int_equal(counts_of(&world).orphans, 0);
    build_world_done(&world);
}

static void test_copies_go_in_and_on(void **state)
{
    (void)state;
    check_copies_both_ways(true);
    check_copies_both_ways(false);
}

/* One that is on its way has not been copied: what goes in is of another packet, whose beginning is missing. */
static void test_no_copy_from_the_middle(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    world.out = "b";
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    world.out = NULL;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_int_equal(counts_of(&world).orphans, 1);
    for (unsigned i = 0; i < 2; i++)
        assert_false(build_path_at(world.paths, i)->path.copy);
    build_world_done(&world);
}

static void until_queue(struct build_world *world)
{
    begin(world, true);
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(world, HOOK_FORWARD, "mangle:FORWARD:rule:1");
    build_wait(world, 10000);
    assert_int_equal(world->paths->len, 0);
}

static void after_queue(struct build_world *world, uint32_t messages, bool ambiguous)
{
    build_wait(world, 1000);
    assert_int_equal(world->paths->len, 1);
    build_assert_path(world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_int_equal(build_path_at(world->paths, 0)->count, messages);
    assert_int_equal(build_path_at(world->paths, 0)->path.ambiguous, ambiguous);
    assert_false(build_path_at(world->paths, 0)->path.incomplete);
    build_world_done(world);
}

static void test_nfqueue_accepts(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, false);
}

static void test_nfqueue_repeats(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:policy:2");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 5, false);
}

static void test_nfqueue_rewrites_the_payload(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.payload = "rewritten";
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, false);
}

static void test_nfqueue_rewrites_the_destination(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.dst = 0x0a0a0a0a;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    after_queue(&world, 4, true);
}

/* What comes of nowhere is not put to a packet that waits for a program, if its source is another. */
static void test_orphan_is_not_the_queued_one(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    world.packet.src++;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 121000);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_assert_path(&world, 1, VERDICT_UNKNOWN, REASON_QUEUE, "");
    assert_int_equal(counts_of(&world).orphans, 1);
    build_world_done(&world);
}

static void test_a_loop_of_nfqueue_is_bounded(void **state)
{
    (void)state;
    struct build_world world;
    until_queue(&world);
    for (unsigned i = 0; i < 5000; i++)
        build_say(&world, HOOK_FORWARD, "mangle:FORWARD:rule:1");
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    const struct build_path *path = build_path_at(world.paths, 0);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_true(path->path.cut);
    assert_int_equal(path->path.messages, 5004);
    assert_int_equal(path->count, 1024);
    assert_int_equal(counts_of(&world).unkept, 5004 - 1024);
    build_world_done(&world);
}

static void test_orphan_begins_an_incomplete_path(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 1);
    build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
    assert_true(build_path_at(world.paths, 0)->path.incomplete);
    build_world_done(&world);
}

static void test_what_is_no_trace_message_is_counted(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:x");
    build_say(&world, HOOK_INPUT, "strange:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "raw:INPUT:rule:1");
    build_say(&world, 9, "filter:INPUT:rule:1");
    assert_int_equal(counts_of(&world).malformed, 4);
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 0);
    build_world_done(&world);
}

/* Rules that are not ours: no claim, and both packets of the same look are kept apart by their numbers. */
static void test_twins_that_wait_are_both_handed_out(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    for (unsigned i = 0; i < 2; i++)
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:3");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 2);
    assert_int_equal(build_path_at(world.paths, 0)->path.verdict, VERDICT_ACCEPT);
    assert_int_equal(build_path_at(world.paths, 1)->path.verdict, VERDICT_DROP);
    build_world_done(&world);
}

/* Packets are handed out as they began, though the first ends last; but the wait for it is bounded. */
static void test_order_of_handing_out(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 20);
    assert_int_equal(world.paths->len, 0);
    build_wait(&world, 100);
    assert_int_equal(world.paths->len, 1);
    assert_int_equal(build_path_at(world.paths, 0)->numbers[0], 2);
    build_wait(&world, 100);
    assert_int_equal(world.paths->len, 2);
    build_assert_path(&world, 1, VERDICT_UNKNOWN, REASON_VANISHED_ROUTING, "");

    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    world.packet.srcport++;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    world.packet.srcport--;
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
    build_wait(&world, 20);
    assert_int_equal(world.paths->len, 4);
    assert_int_equal(build_path_at(world.paths, 2)->numbers[0], 4);
    assert_int_equal(build_path_at(world.paths, 3)->numbers[0], 5);
    build_world_done(&world);
}

/* A program takes its time: its packets stay when others have to go, and what it lets go is no second row. */
static void test_queued_paths_are_evicted_last(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, true);
    const struct assembler_limits limits = {.open_paths = 10};
    assembler_free(world.assembler);
    world.assembler = assembler_new(world.book, &limits, build_collect, world.paths);
    const struct build_packet queued = world.packet;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
    build_say(&world, HOOK_FORWARD, "mangle:FORWARD:rule:1");
    for (unsigned i = 0; i < 30; i++) {
        world.packet.srcport++;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    }
    build_wait(&world, 33000);
    world.packet = queued;
    build_say(&world, HOOK_FORWARD, "filter:FORWARD:policy:2");
    build_wait(&world, 1000);
    assert_int_equal(world.paths->len, 31);
    build_assert_path(&world, 30, VERDICT_DROP, REASON_POLICY, "filter:FORWARD:policy:2");
    assert_false(build_path_at(world.paths, 30)->path.incomplete);
    assert_int_equal(counts_of(&world).orphans, 0);
    build_world_done(&world);
}

static void test_open_paths_are_bounded(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    const struct assembler_limits limits = {.open_paths = 10};
    assembler_free(world.assembler);
    world.assembler = assembler_new(world.book, &limits, build_collect, world.paths);
    for (unsigned i = 0; i < 30; i++) {
        world.packet.srcport++;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        assert_int_equal(world.paths->len, i < 10 ? 0 : i - 9);
    }
    assert_int_equal(counts_of(&world).evicted, 20);
    build_assert_path(&world, 0, VERDICT_UNKNOWN, REASON_EVICTED, "");
    assert_false(build_path_at(world.paths, 0)->path.incomplete);
    assembler_finish(world.assembler);
    assert_int_equal(world.paths->len, 30);
    build_world_done(&world);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    const struct assembler_limits limits = {.bytes = 20000};
    assembler_free(world.assembler);
    world.assembler = assembler_new(world.book, &limits, build_collect, world.paths);
    for (unsigned i = 0; i < 1000; i++) {
        world.packet.srcport++;
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    }
    assert_true(counts_of(&world).evicted > 900);
    build_world_done(&world);
}

/* Something beside legacy nat, which is not there, translates: nftables. */
static void test_nftables_may_translate(void **state)
{
    (void)state;
    for (unsigned may = 0; may < 2; may++) {
        struct build_world world;
        begin(&world, true);
        rulebook_set_translation(world.book, 4, may);
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
        build_say(&world, HOOK_PREROUTING, "mangle:PREROUTING:policy:1");
        world.packet.dst++;
        build_say(&world, HOOK_INPUT, "mangle:INPUT:policy:1");
        build_say(&world, HOOK_INPUT, "filter:INPUT:rule:2");
        build_wait(&world, 1000);
        assert_int_equal(world.paths->len, may ? 1 : 2);
        if (may)
            build_assert_path(&world, 0, VERDICT_DROP, REASON_RULE, "filter:INPUT:rule:2");
        build_world_done(&world);
    }
}

/* 100 000 packets that look the same and wait for their silence cost no more each than one. */
static void test_a_flood_of_twins_costs_linear_time(void **state)
{
    (void)state;
    struct build_world world;
    begin(&world, false);
    clock_t before = clock();
    for (unsigned i = 0; i < 40000; i++) {
        world.now_ns -= 500; /* all within 20 ms */
        build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    }
    for (unsigned i = 0; i < 20000; i++)
        assembler_lost(world.assembler);
    build_wait(&world, 500);
    assert_true(clock() - before < 8 * CLOCKS_PER_SEC);
    assert_int_equal(world.paths->len, 40000);
    build_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loopback_is_two_packets),
        cmocka_unit_test(test_the_clock_is_set_back),
        cmocka_unit_test(test_copies_share_the_beginning),
        cmocka_unit_test(test_copies_go_in_and_on),
        cmocka_unit_test(test_no_copy_from_the_middle),
        cmocka_unit_test(test_nfqueue_accepts),
        cmocka_unit_test(test_nfqueue_repeats),
        cmocka_unit_test(test_nfqueue_rewrites_the_payload),
        cmocka_unit_test(test_nfqueue_rewrites_the_destination),
        cmocka_unit_test(test_orphan_is_not_the_queued_one),
        cmocka_unit_test(test_a_loop_of_nfqueue_is_bounded),
        cmocka_unit_test(test_orphan_begins_an_incomplete_path),
        cmocka_unit_test(test_what_is_no_trace_message_is_counted),
        cmocka_unit_test(test_twins_that_wait_are_both_handed_out),
        cmocka_unit_test(test_order_of_handing_out),
        cmocka_unit_test(test_queued_paths_are_evicted_last),
        cmocka_unit_test(test_open_paths_are_bounded),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_nftables_may_translate),
        cmocka_unit_test(test_a_flood_of_twins_costs_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
