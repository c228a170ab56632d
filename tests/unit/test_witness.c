/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A second source on the same packet: a toy one that knows which user sent it, a while after the packet
 * itself is told of. */
#include "tests/unit/trace_build.h"

#include "format/packet.h"
#include "recorder/core/capture.h"
#include "recorder/legacy/walk/pipeline.h"

#define RAW     "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
#define FILTER  "*filter\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n-A OUTPUT -p udp -j DROP\nCOMMIT\n"
#define WAIT_MS 250
#define UID     1000

/* Knows the packet by its source port, as soon as it was told. */
struct toy {
    struct witness witness;
    uint16_t srcport; /* 0: nothing yet */
    uint64_t asked_time_ns;
};

static bool knows(const struct toy *toy, struct bytes bytes)
{
    struct packet packet;
    packet_parse(bytes, &packet);
    return toy->srcport != 0 && packet.srcport == toy->srcport;
}

static bool toy_may_go(struct witness *witness, struct bytes packet, uint64_t time_ns)
{
    struct toy *toy = (struct toy *)witness;
    toy->asked_time_ns = time_ns;
    return knows(toy, packet);
}

static void toy_testify(struct witness *witness, struct finished_path *path, struct step *steps)
{
    const struct toy *toy = (const struct toy *)witness;
    for (size_t i = 0; knows(toy, path->packet) && i < path->count; i++) {
        steps[i].context.has_uid = true;
        steps[i].context.uid = UID;
    }
}

/* What came out, and the blocks that were made of it. */
struct world {
    struct pipeline pipeline;
    struct backend_sink out;
    struct toy toy;
    struct witness *witnesses[2];
    struct capture *capture;
    uint64_t number, now_ns;
    unsigned paths, with_uid;
};

static void take_path(void *user, const struct finished_path *path)
{
    struct world *world = user;
    world->paths++;
    assert_int_equal(path->count, 2);
    for (size_t i = 0; i < path->count; i++)
        world->with_uid += path->steps[i].context.has_uid && path->steps[i].context.uid == UID;
    assert_int_equal(path->head.verdict, VERDICT_DROP);
    capture_add_packet(world->capture, path, 0);
}

static void take_rules(void *user, const struct rules_record *rules)
{
    (void)user;
    (void)rules;
}

static uint32_t number_rules(void *user)
{
    (void)user;
    return 1;
}

static void put(struct world *world, const char *rules)
{
    struct error error;
    assert_int_equal(pipeline_put_ruleset(&world->pipeline, 4, build_text(rules), NULL, 0, 0, NULL, &error),
                     0);
}

static void begin(struct world *world, bool has_witness)
{
    static const struct capture_options options = {.capture_id = 7, .blocks = true, .application = "test"};
    *world = (struct world){
        .out = {.path = take_path,             .rules = take_rules, .number_rules = number_rules, .user = world},
        .toy = {.witness = {.may_go = toy_may_go, .testify = toy_testify}},
        .witnesses = {&world->toy.witness                            },
        .capture = capture_new(&options),
        .now_ns = BUILD_RECEIVED_NS,
    };
    capture_begin_file(world->capture, BYTES("eth0"));
    pipeline_init(&world->pipeline, &world->out, has_witness ? world->witnesses : NULL, "", false,
                  WAIT_MS * BUILD_MS);
    put(world, RAW);
    put(world, FILTER);
    rulebook_set_tables(world->pipeline.book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER, 0);
}

static void end(struct world *world)
{
    pipeline_done(&world->pipeline);
    capture_free(world->capture);
}

static void say(struct world *world, const char *where)
{
    uint8_t buffer[512];
    struct build_event room;
    const struct build_packet packet = {.src = 0x0a000001, .dst = 0x0a000002, .srcport = 4711, .dstport = 9};
    const struct build_message message = {.hook = HOOK_OUTPUT,
                                          .where = where,
                                          .out = "eth0",
                                          .payload = build_packet_bytes(buffer, &packet),
                                          .number = ++world->number,
                                          .received_ns = world->now_ns};
    world->pipeline.now = (struct monotonic){world->now_ns};
    world->pipeline.sink.event(world->pipeline.sink.user, build_event(&room, &message));
}

static void say_packet(struct world *world)
{
    say(world, "raw:OUTPUT:policy:1");
    say(world, "filter:OUTPUT:rule:1");
}

/* Lets time pass, with every look at the rules finding them unchanged. */
static void wait_ms(struct world *world, unsigned ms)
{
    for (unsigned i = 0; i < ms; i += 5) {
        world->now_ns += 5 * BUILD_MS;
        assembler_drained(world->pipeline.assembler, world->now_ns);
        assembler_rules_confirmed(world->pipeline.assembler, 4, assembler_mark(world->pipeline.assembler));
        assembler_tick(world->pipeline.assembler, (struct monotonic){world->now_ns});
    }
}

static void test_without_a_witness_a_path_goes_at_once(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    say_packet(&world);
    wait_ms(&world, 50);
    assert_int_equal(world.paths, 1);
    assert_int_equal(world.with_uid, 0);
    end(&world);
}

static void test_it_adds_a_field_to_every_step(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    say_packet(&world);
    wait_ms(&world, 50);
    assert_int_equal(world.paths, 0); /* it has heard nothing yet */
    assert_true(world.toy.asked_time_ns == BUILD_RECEIVED_NS);
    world.toy.srcport = 4711;
    wait_ms(&world, 5);
    assert_int_equal(world.paths, 1);
    assert_int_equal(world.with_uid, 2);
    end(&world);
}

static void test_it_is_waited_for_no_longer_than_for_the_rules(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    world.toy.srcport = 1; /* another packet's */
    say_packet(&world);
    wait_ms(&world, WAIT_MS - 50);
    assert_int_equal(world.paths, 0);
    wait_ms(&world, 100);
    assert_int_equal(world.paths, 1);
    assert_int_equal(world.with_uid, 0);
    end(&world);
}

static void test_one_that_never_waits(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    world.toy.witness.may_go = NULL;
    world.toy.srcport = 4711;
    say_packet(&world);
    wait_ms(&world, 50);
    assert_int_equal(world.with_uid, 2);
    end(&world);
}

/* The field stands in the packet's record as if the backend had told it. */
static void test_what_it_says_is_written(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    world.toy.srcport = 4711;
    say_packet(&world);
    wait_ms(&world, 50);
    const uint8_t uid[] = {7 << 3, (UID & 0x7f) | 0x80, UID >> 7}; /* field 7 of the context */
    struct bytes file = capture_take(world.capture);
    assert_non_null(memmem(file.data, file.length, uid, sizeof uid));
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_witness_a_path_goes_at_once),
        cmocka_unit_test(test_it_adds_a_field_to_every_step),
        cmocka_unit_test(test_it_is_waited_for_no_longer_than_for_the_rules),
        cmocka_unit_test(test_one_that_never_waits),
        cmocka_unit_test(test_what_it_says_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
