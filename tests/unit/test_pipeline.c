/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What goes out of a pipeline: rules when they are others, losses, journal entries of its namespace. */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/pipeline.h"

#define RULES  "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n-A INPUT -p udp -j DROP\nCOMMIT\n"
#define OTHERS "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n-A INPUT -p tcp -j DROP\nCOMMIT\n"
#define LOGS                                                                                                 \
    "*filter\n:INPUT ACCEPT\n-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 \"\nCOMMIT\n"

struct world {
    struct pipeline pipeline;
    struct backend_sink out;
    uint32_t numbers;
    uint64_t lost, paths;
    GString *heard; /* a line per ruleset and journal entry */
};

static void take_rules(void *user, const struct rules_record *rules)
{
    struct world *world = user;
    g_string_append_printf(world->heard, "%u.%u %.*s/%u own %zu in '%.*s'%s\n", rules->number,
                           rules->generation, (int)rules->table.length, (const char *)rules->table.data,
                           rules->family, rules->own_count, (int)rules->netns.length,
                           (const char *)rules->netns.data, rules->imitation.length > 0 ? " imitates" : "");
}

static void take_lost(void *user, uint64_t count)
{
    struct world *world = user;
    world->lost += count;
}

static void take_path(void *user, const struct finished_path *path)
{
    struct world *world = user;
    world->paths++;
    unit_assert_bytes(path->head.netns, BYTES("blue"));
}

static uint32_t number_rules(void *user)
{
    struct world *world = user;
    return ++world->numbers;
}

static void take_journal(void *user, const char *netns, enum journal_priority priority, const char *event,
                         const char *message, const struct journal_field *fields, size_t count)
{
    struct world *world = user;
    (void)fields;
    g_string_append_printf(world->heard, "%s %d %s: %s, %zu fields\n", netns, priority, event, message,
                           count);
}

static void begin(struct world *world, bool keep_all)
{
    *world = (struct world){
        .out = {.path = take_path,
                .lost = take_lost,
                .rules = take_rules,
                .number_rules = number_rules,
                .journal = take_journal,
                .user = world},
        .heard = g_string_new(NULL),
    };
    pipeline_init(&world->pipeline, &world->out, NULL, "blue", keep_all, 0);
}

static void end(struct world *world)
{
    pipeline_done(&world->pipeline);
    g_string_free(world->heard, TRUE);
}

static void put(struct world *world, const char *text, const struct ruleset_own *own, size_t own_count)
{
    struct error error;
    assert_int_equal(pipeline_put_ruleset(&world->pipeline, FAMILY_IPV4, build_text(text), own, own_count, 0,
                                          NULL, &error),
                     0);
}

static void assert_heard(struct world *world, const char *expected)
{
    assert_string_equal(world->heard->str, expected);
    g_string_truncate(world->heard, 0);
}

static void test_the_same_rules_are_told_once(void **state)
{
    (void)state;
    const struct ruleset_own own[] = {
        {BYTES("INPUT"),   1},
        {BYTES("INPUT"),   2},
        {BYTES("FORWARD"), 2},
        {BYTES("FORWARD"), 1}
    };
    const struct ruleset_own turned[] = {own[1], own[0]};
    struct world world;
    begin(&world, false);
    put(&world, RULES, own, 2);
    assert_heard(&world, "1.1 filter/4 own 2 in 'blue'\n");
    put(&world, RULES, own, 2);
    put(&world, RULES, turned, 2); /* in another order */
    assert_heard(&world, "");
    put(&world, RULES, own, 1); /* one is gone */
    assert_heard(&world, "2.2 filter/4 own 1 in 'blue'\n");
    put(&world, RULES, own + 1, 1); /* it has another place */
    assert_heard(&world, "3.3 filter/4 own 1 in 'blue'\n");
    put(&world, RULES, own + 2, 1); /* another chain */
    assert_heard(&world, "4.4 filter/4 own 1 in 'blue'\n");
    put(&world, OTHERS, own + 2, 1);
    assert_heard(&world, "5.5 filter/4 own 1 in 'blue'\n");
    put(&world, LOGS, NULL, 0);
    assert_heard(&world, "6.6 filter/4 own 0 in 'blue' imitates\n");
    end(&world);
}

static void test_what_is_no_table_is_an_error(void **state)
{
    (void)state;
    struct world world;
    struct error error;
    begin(&world, false);
    assert_true(
        pipeline_put_ruleset(&world.pipeline, FAMILY_IPV4, BYTES("no rules"), NULL, 0, 0, NULL, &error) < 0);
    assert_true(pipeline_put_ruleset(&world.pipeline, FAMILY_IPV4, BYTES("\n"), NULL, 0, 0, NULL, &error) <
                0);
    assert_heard(&world, "");
    end(&world);
}

static void test_all_rules_for_the_beginning_of_a_file(void **state)
{
    (void)state;
    struct world world;
    begin(&world, true);
    put(&world, RULES, NULL, 0);
    put(&world, OTHERS, NULL, 0);
    g_string_truncate(world.heard, 0);
    pipeline_each_rules(&world.pipeline, false, take_rules, &world);
    assert_heard(&world, "2.2 filter/4 own 0 in 'blue'\n");
    pipeline_each_rules(&world.pipeline, true, take_rules, &world);
    assert_heard(&world, "1.1 filter/4 own 0 in 'blue'\n");
    end(&world);
}

static void test_losses_and_paths_go_out(void **state)
{
    (void)state;
    struct world world;
    uint8_t buffer[512];
    struct build_event room;
    const struct build_packet packet = {.src = 1, .dst = 2, .srcport = 3, .dstport = 4};
    const struct build_message message = {.hook = HOOK_PREROUTING,
                                          .where = "raw:PREROUTING:policy:1",
                                          .payload = build_packet_bytes(buffer, &packet),
                                          .received_ns = BUILD_RECEIVED_NS,
                                          .lost_before = 3};
    begin(&world, false);
    const struct source_sink *sink = &world.pipeline.sink;
    sink->event(sink->user, build_event(&room, &message));
    assert_int_equal(world.lost, 3); /* told before the path of what came after */
    sink->lost(sink->user, 4);
    assert_int_equal(world.lost, 7);
    assert_int_equal(world.pipeline.taken, 1);
    sink->foreign(sink->user, BYTES("hello")); /* the source was not empty, whatever that was */
    assert_int_equal(world.pipeline.taken, 2);
    assembler_finish(world.pipeline.assembler);
    assert_int_equal(world.paths, 1);
    struct backend_counts counts = {.incomplete = 2};
    pipeline_add_counts(&world.pipeline, &counts);
    assert_int_equal(counts.incomplete, 3);
    assert_int_equal(counts.malformed + counts.evicted + counts.unkept, 0);
    end(&world);
}

static void test_the_journal_names_the_namespace(void **state)
{
    (void)state;
    struct world world;
    begin(&world, false);
    pipeline_add_journal(&world.pipeline, JOURNAL_NOTICE, "rules_changed", "Rules changed");
    assert_heard(&world, "blue 5 rules_changed: Rules changed, 0 fields\n");
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_rules_are_told_once),
        cmocka_unit_test(test_what_is_no_table_is_an_error),
        cmocka_unit_test(test_all_rules_for_the_beginning_of_a_file),
        cmocka_unit_test(test_losses_and_paths_go_out),
        cmocka_unit_test(test_the_journal_names_the_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
