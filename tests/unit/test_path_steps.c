/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/path_steps.h"

#define RAW                                                                                                  \
    "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:empty -\n-A PREROUTING -p udp -m comment --comment \"a b\" " \
    "-j "                                                                                                    \
    "empty\nCOMMIT\n"
#define FILTER "*filter\n:INPUT DROP\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n-A INPUT -p tcp\nCOMMIT\n"

/* The path is only there during the call. */
typedef void judge_fn(const struct finished_path *path);

struct judged {
    judge_fn *judge;
    unsigned count;
};

static void take(void *user, const struct ended_path *finished)
{
    struct judged *judged = user;
    struct path_steps steps = {0};
    judged->judge(path_steps_make(&steps, finished, BYTES("here")));
    judged->count++;
    path_steps_done(&steps);
}

static void begin(struct build_world *world, struct judged *judged)
{
    const struct assembler_limits limits = {0};
    const struct ruleset_own own = {BYTES("PREROUTING"), 1};
    build_world_init(world);
    struct ruleset *raw = build_ruleset_own(4, 11, RAW, &own, 1);
    assert_true(rulebook_put(world->book, raw));
    ruleset_unref(raw);
    build_put_rules(world->book, FILTER);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER | 1 << TABLE_NAT, 0);
    assembler_free(world->assembler);
    world->assembler = assembler_new(world->book, &limits, take, judged);
}

static void end(struct build_world *world, const struct judged *judged)
{
    build_wait(world, 1000);
    assert_int_equal(judged->count, 1);
    build_world_done(world);
}

static void judge_steps(const struct finished_path *path)
{
    assert_int_equal(path->count, 4);
    assert_int_equal(path->head.steps, 4);
    assert_int_equal(path->head.decided, 4);
    assert_int_equal(path->head.verdict, VERDICT_DROP);
    assert_int_equal(path->head.backend, BACKEND_LEGACY);
    unit_assert_bytes(path->head.netns, BYTES("here"));
    assert_int_equal(path->family, 4);
    assert_int_equal(path->messages, 5);
    const struct step *step = path->steps;
    assert_int_equal(step[0].type, STEP_RULE);
    assert_int_equal(step[0].rulenum, 1);
    assert_int_equal(step[0].ruleset, 11);
    unit_assert_bytes(step[0].table, BYTES("raw"));
    unit_assert_bytes(step[0].chain, BYTES("PREROUTING"));
    unit_assert_bytes(step[0].rule, BYTES("-A PREROUTING -p udp -m comment --comment \"a b\" -j empty"));
    unit_assert_bytes(step[0].target, BYTES("empty"));
    unit_assert_bytes(step[0].comment, BYTES("a b"));
    assert_int_equal(step[1].type, STEP_RETURN);
    assert_int_equal(step[1].rulenum, 0);
    unit_assert_bytes(step[1].chain, BYTES("empty"));
    unit_assert_bytes(step[1].rule, BYTES(""));
    unit_assert_bytes(step[1].target, BYTES("RETURN"));
    assert_int_equal(step[2].type, STEP_POLICY);
    unit_assert_bytes(step[2].rule, BYTES("-P PREROUTING ACCEPT"));
    assert_int_equal(step[3].type, STEP_POLICY);
    unit_assert_bytes(step[3].rule, BYTES("-P INPUT DROP"));
    unit_assert_bytes(step[3].target, BYTES("DROP"));
    for (unsigned i = 0; i < 4; i++) {
        assert_true(step[i].context.has_hook);
        assert_int_equal(step[i].context.hook, i < 3 ? HOOK_PREROUTING : HOOK_INPUT);
        unit_assert_bytes(step[i].context.in, BYTES("eth0"));
        assert_int_equal(step[i].context.out.length, 0);
        assert_int_equal(step[i].context.has_mark, i == 3);
        assert_true(change_is_empty(&step[i].change));
        assert_false(step[i].stale);
    }
    assert_int_equal(step[3].context.mark, 0xab);
}

/* Our own rule, which a packet meets that is traced already, is no step of the administrator's. */
static void test_rule_return_policy_and_ours(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_steps, 0};
    begin(&world, &judged);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:rule:1");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:rule:2");
    build_say(&world, HOOK_PREROUTING, "raw:empty:return:1");
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:3");
    world.mark = 0xab;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    end(&world, &judged);
}

static void judge_changes(const struct finished_path *path)
{
    assert_int_equal(path->count, 3);
    assert_true(change_is_empty(&path->steps[0].change));
    const struct change *change = &path->steps[1].change;
    unit_assert_bytes(change->dst, BYTES("\x0a\x09\x09\x09"));
    assert_true(change->has_dstport && change->has_ttl && change->has_tos && !change->has_srcport);
    assert_int_equal(change->src.length, 0);
    assert_int_equal(change->dstport, 8053);
    assert_int_equal(change->ttl, 63);
    assert_int_equal(change->tos, 0x10);
    assert_false(change->has_length);
    assert_true(change_is_empty(&path->steps[2].change)); /* told once */
}

static void test_changes(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_changes, 0};
    begin(&world, &judged);
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:3");
    world.packet.dst = 0x0a090909;
    world.packet.dstport = 8053;
    world.packet.ttl = 63;
    world.packet.tos = 0x10;
    build_say(&world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    end(&world, &judged);
}

/* A program behind NFQUEUE may rewrite anything; the assembler's own tests say which path that is. */
static void test_source_changes(void **state)
{
    (void)state;
    struct message_log *log = message_log_new();
    const struct annotation annotation = {
        .meaning.kind = MEANING_RULE,
        .meaning.rule = &(const struct rule){.text = BYTES("-A a")},
        .spot = { HOOK_INPUT,         TABLE_FILTER}
    };
    for (unsigned i = 0; i < 2; i++) {
        uint8_t buffer[512];
        struct build_event room;
        const struct build_packet packet = {
            .src = 0x0a000001 + i, .dst = 0x0a000009, .srcport = (uint16_t)(7 + i), .dstport = 9};
        const struct build_message message = {.hook = HOOK_INPUT,
                                              .where = "filter:INPUT:rule:1",
                                              .payload = build_packet_bytes(buffer, &packet)};
        message_log_add(log, build_event(&room, &message), &annotation);
    }
    struct path_steps steps = {0};
    const struct finished_path *path =
        path_steps_make(&steps, &(const struct ended_path){.log = log, .messages = 2}, (struct bytes){0});
    assert_int_equal(path->count, 2);
    const struct change *change = &path->steps[1].change;
    unit_assert_bytes(change->src, BYTES("\x0a\0\0\x02"));
    assert_true(change->has_srcport);
    assert_int_equal(change->srcport, 8);
    assert_int_equal(change->dst.length, 0);
    assert_false(change->has_dstport || change->has_ttl || change->has_tos || change->has_length);
    path_steps_done(&steps);
    message_log_free(log);
}

static void judge_length(const struct finished_path *path)
{
    const struct change *change = &path->steps[1].change;
    assert_true(change->has_length);
    assert_int_equal(change->length, 44);
    assert_false(change->has_ttl || change->has_dstport);
}

static void test_length(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_length, 0};
    begin(&world, &judged);
    world.packet.protocol = 6;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:3");
    world.packet.tcp_options = 4;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    end(&world, &judged);
}

static void judge_times(const struct finished_path *path)
{
    assert_int_equal(path->time_ns, 1700000000000001000);
    assert_true(path->steps[0].has_time && path->steps[1].has_time);
    assert_int_equal(path->steps[0].time_ns, 0);
    assert_int_equal(path->steps[1].time_ns, 7000);
}

static void test_times(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_times, 0};
    begin(&world, &judged);
    world.time_us = 1700000000000001;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:policy:3");
    world.time_us += 7;
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    end(&world, &judged);
}

static void judge_no_times(const struct finished_path *path)
{
    assert_int_equal(path->time_ns, BUILD_RECEIVED_NS + 1000); /* of reading */
    assert_false(path->steps[0].has_time);
}

static void test_no_times(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_no_times, 0};
    begin(&world, &judged);
    build_say(&world, HOOK_OUTPUT, "raw:OUTPUT:policy:1");
    build_say(&world, HOOK_OUTPUT, "filter:OUTPUT:policy:1");
    end(&world, &judged);
}

static void judge_unknown(const struct finished_path *path)
{
    assert_int_equal(path->count, 2);
    assert_int_equal(path->steps[0].type, STEP_RULE); /* the kernel said so, and which */
    assert_int_equal(path->steps[0].rulenum, 9);
    assert_int_equal(path->steps[0].rule.length, 0);
    assert_int_equal(path->steps[1].type, STEP_UNKNOWN);
    assert_int_equal(path->steps[1].rulenum, 0);
    assert_int_equal(path->steps[1].rule.length, 0);
    unit_assert_bytes(path->steps[1].chain, BYTES("INPUT"));
    assert_int_equal(path->head.decided, 0);
}

static void test_unknown_rules_claim_no_text(void **state)
{
    (void)state;
    struct build_world world;
    struct judged judged = {judge_unknown, 0};
    begin(&world, &judged);
    world.packet.version = 6;
    build_say(&world, HOOK_PREROUTING, "raw:PREROUTING:rule:9");
    build_say(&world, HOOK_INPUT, "filter:INPUT:policy:2");
    end(&world, &judged);
}

static void judge_no_mark(const struct finished_path *path)
{
    assert_int_equal(path->count, 3);
    assert_false(path->steps[0].context.has_mark || path->steps[1].context.has_mark);
    assert_int_equal(path->steps[0].context.mark, 0);
    assert_true(path->steps[2].context.has_mark); /* set by a rule */
    assert_int_equal(path->steps[2].context.mark, 7);
}

static void judge_mark(const struct finished_path *path)
{
    assert_in_range(path->count, 2, 3);
    for (size_t i = 0; i < path->count; i++)
        assert_true(path->steps[i].context.has_mark);
}

/* The kernel's own membership reports have something else where the mark is; what others send, and other
 * messages of the same protocols, have marks. */
static void test_marks_that_are_none(void **state)
{
    (void)state;
    static const struct {
        struct build_packet packet;
        enum hook hook;
        judge_fn *judge;
    } cases[] = {
        {{.version = 4, .protocol = 2, .payload = "\x22 report"}, HOOK_OUTPUT,     judge_no_mark},
        {{.version = 4, .protocol = 2, .payload = "\x16 report"}, HOOK_OUTPUT,     judge_mark   },
        {{.version = 4, .protocol = 17, .srcport = 0x2200},       HOOK_OUTPUT,     judge_mark   },
        {{.version = 4, .protocol = 1, .type = 143},              HOOK_OUTPUT,     judge_mark   },
        {{.version = 4, .protocol = 2, .payload = "\x22 report"}, HOOK_PREROUTING, judge_mark   },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct build_world world;
        struct judged judged = {cases[i].judge, 0};
        bool sent = cases[i].hook == HOOK_OUTPUT;
        begin(&world, &judged);
        world.packet = cases[i].packet;
        world.mark = 0xd4;
        build_say(&world, cases[i].hook, sent ? "raw:OUTPUT:policy:1" : "raw:PREROUTING:policy:3");
        if (sent)
            build_say(&world, HOOK_OUTPUT, "nat:OUTPUT:rule:1");
        world.mark = 7;
        build_say(&world, sent ? HOOK_OUTPUT : HOOK_INPUT,
                  sent ? "filter:OUTPUT:policy:1" : "filter:INPUT:policy:2");
        end(&world, &judged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rule_return_policy_and_ours),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_source_changes),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_no_times),
        cmocka_unit_test(test_unknown_rules_claim_no_text),
        cmocka_unit_test(test_marks_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
