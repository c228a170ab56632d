/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/step_codec.h"

static const struct step full = {
    .table = BYTES("nat"),
    .chain = BYTES("a:b"),
    .type = STEP_RULE,
    .rulenum = UINT32_MAX,
    .rule = BYTES("-A a:b -m comment --comment \"x y\" -j DNAT"),
    .target = BYTES("DNAT"),
    .comment = BYTES("x y"),
    .ruleset = 300,
    .stale = true,
    .has_time = true,
    .time_ns = -5,
    .context.has_hook = true,
    .context.has_mark = true,
    .context.has_uid = true,
    .context.has_gid = true,
    .context.hook = HOOK_PREROUTING,
    .context.in = BYTES("eth0"),
    .context.out = BYTES("eth1"),
    .context.physin = BYTES("veth0"),
    .context.physout = BYTES("veth1"),
    .context.mark = UINT32_MAX,
    .context.uid = 0,
    .context.gid = 1000,
    .change.src = BYTES("\x0a\0\0\x01"),
    .change.dst = BYTES("0123456789abcdef"),
    .change.has_srcport = true,
    .change.has_dstport = true,
    .change.has_ttl = true,
    .change.has_tos = true,
    .change.has_length = true,
    .change.srcport = 0,
    .change.dstport = 65535,
    .change.ttl = 0,
    .change.tos = 255,
    .change.length = 70000,
};

struct written {
    struct wire_writer strings;
    struct wire_writer steps;
    struct string_collector collector;
    struct step_encoder encoder;
    struct unit_pool pool;
    struct bytes at[FORMAT_STRINGS_MAX];
    struct string_list list;
};

static uint32_t collect(void *user, struct bytes string)
{
    return string_collector_number(user, string);
}

static void written_begin(struct written *written)
{
    *written = (struct written){0};
    written->collector.writer = &written->strings;
    written->collector.field = 9;
    written->encoder =
        (struct step_encoder){.number = collect, .user = &written->collector, .lines_left = FORMAT_LINES_MAX};
}

static void written_end(struct written *written)
{
    wire_writer_done(&written->strings);
    wire_writer_done(&written->steps);
    unit_pool_done(&written->pool);
}

/* The list that a reader of the collected strings would have. */
static const struct string_list *written_strings(struct written *written)
{
    struct wire_reader reader = wire_reader_of(unit_written(&written->strings));
    struct wire_field field;
    written->list = (struct string_list){.at = written->at, .capacity = FORMAT_STRINGS_MAX};
    while (wire_read_field(&reader, &field))
        written->at[written->list.count++] = wire_read_bytes(&reader, &field);
    assert_false(reader.bad);
    assert_int_equal(written->list.count, written->collector.count);
    return &written->list;
}

static bool read_written(struct written *written, struct step *step)
{
    struct step_decoder decoder = {.strings = written_strings(written),
                                   .allocate = unit_pool_allocate,
                                   .user = &written->pool,
                                   .lines_left = FORMAT_LINES_MAX};
    return step_read(unit_written(&written->steps), &decoder, step);
}

static void assert_step_equal(const struct step *got, const struct step *expected)
{
    unit_assert_bytes(got->table, expected->table);
    unit_assert_bytes(got->chain, expected->chain);
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->rulenum, expected->rulenum);
    unit_assert_bytes(got->rule, expected->rule);
    unit_assert_bytes(got->target, expected->target);
    unit_assert_bytes(got->comment, expected->comment);
    assert_int_equal(got->ruleset, expected->ruleset);
    assert_int_equal(got->stale, expected->stale);
    assert_int_equal(got->has_time, expected->has_time);
    assert_int_equal(got->time_ns, expected->time_ns);
    assert_true(context_equal(&got->context, &expected->context));
    const struct change *a = &got->change, *b = &expected->change;
    unit_assert_bytes(a->src, b->src);
    unit_assert_bytes(a->dst, b->dst);
    assert_int_equal(a->has_srcport, b->has_srcport);
    assert_int_equal(a->has_dstport, b->has_dstport);
    assert_int_equal(a->has_ttl, b->has_ttl);
    assert_int_equal(a->has_tos, b->has_tos);
    assert_int_equal(a->has_length, b->has_length);
    assert_int_equal(a->srcport, b->srcport);
    assert_int_equal(a->dstport, b->dstport);
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->tos, b->tos);
    assert_int_equal(a->length, b->length);
}

static void assert_comes_back(const struct step *step, const struct step *before)
{
    struct written written;
    struct step got = {0};
    written_begin(&written);
    step_write(&written.steps, step, before, &written.encoder);
    if (before)
        got = *before;
    assert_true(read_written(&written, &got));
    assert_step_equal(&got, step);
    written_end(&written);
}

static void test_round_trip(void **state)
{
    (void)state;
    const struct step empty = {0};
    assert_comes_back(&empty, NULL);
    assert_comes_back(&full, NULL);
    assert_comes_back(&full, &full);
    assert_comes_back(&empty, &full); /* nothing is taken over */
    struct step step = full;
    step.has_time = false;
    step.time_ns = 0;
    step.context.has_mark = false;
    step.context.mark = 0;
    assert_comes_back(&step, &full);
    assert_comes_back(&full, &step);
}

/* One thing alone: nothing is taken for the next one. */
static void test_each_change_by_itself(void **state)
{
    (void)state;
    struct change changes[7] = {0};
    changes[0].src = BYTES("\x0a\0\0\x01");
    changes[1].dst = BYTES("\x0a\0\0\x02");
    changes[2].has_srcport = true;
    changes[2].srcport = 1;
    changes[3].has_dstport = true;
    changes[3].dstport = 2;
    changes[4].has_ttl = true;
    changes[4].ttl = 3;
    changes[5].has_tos = true;
    changes[5].tos = 4;
    changes[6].has_length = true;
    changes[6].length = 5;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct step step = {.table = BYTES("nat"), .type = STEP_RULE, .change = changes[i]};
        assert_false(change_is_empty(&changes[i]));
        assert_comes_back(&step, NULL);
    }
}

static void test_each_part_of_a_context_by_itself(void **state)
{
    (void)state;
    struct context contexts[8] = {0};
    contexts[0].has_hook = true;
    contexts[0].hook = HOOK_FORWARD;
    contexts[1].in = BYTES("a");
    contexts[2].out = BYTES("b");
    contexts[3].physin = BYTES("c");
    contexts[4].physout = BYTES("d");
    contexts[5].has_mark = true;
    contexts[5].mark = 1;
    contexts[6].has_uid = true;
    contexts[6].uid = 2;
    contexts[7].has_gid = true;
    contexts[7].gid = 3;
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        const struct step step = {.table = BYTES("nat"), .type = STEP_RULE, .context = contexts[i]};
        assert_comes_back(&step, NULL);
        for (size_t k = 0; k < sizeof contexts / sizeof *contexts; k++)
            assert_int_equal(context_equal(&contexts[i], &contexts[k]), i == k);
    }
}

static void test_what_is_the_same_is_not_repeated(void **state)
{
    (void)state;
    struct written written;
    struct step step = {
        .table = full.table, .chain = full.chain, .ruleset = full.ruleset, .context = full.context};
    written_begin(&written);
    step_write(&written.steps, &step, &full, &written.encoder);
    assert_int_equal(written.steps.length, 0);
    written_end(&written);
}

static void test_strings_stand_once_and_are_cut(void **state)
{
    (void)state;
    static uint8_t text[STEP_RULE_MAX + 1];
    struct written written;
    struct step got = {0}, step = {.table = BYTES("x"), .chain = BYTES("x"), .target = BYTES("x")};
    memset(text, 'r', sizeof text);
    step.rule = (struct bytes){text, sizeof text};
    step.comment = (struct bytes){text, STEP_NAME_MAX + 1};
    written_begin(&written);
    step_write(&written.steps, &step, NULL, &written.encoder);
    assert_int_equal(written.collector.count, 2); /* the comment stands in the line */
    assert_true(read_written(&written, &got));
    unit_assert_bytes(got.target, BYTES("x"));
    assert_int_equal(got.rule.length, STEP_RULE_MAX);
    assert_int_equal(got.comment.length, STEP_NAME_MAX);
    written_end(&written);
}

static void line_comes_back(unsigned type, const char *chain, const char *target, const char *line,
                            size_t most)
{
    struct written written;
    const struct step step = {
        .table = BYTES("filter"),
        .chain = {(const uint8_t *)chain,  strlen(chain) },
        .type = type,
        .rule = {(const uint8_t *)line,   strlen(line)  },
        .target = {(const uint8_t *)target, strlen(target)}
    };
    assert_comes_back(&step, NULL);
    written_begin(&written);
    step_write(&written.steps, &step, NULL, &written.encoder);
    if (written.strings.length > most)
        fail_msg("%s: %zu bytes of strings", line, written.strings.length);
    written_end(&written);
}

static void test_lines_in_parts(void **state)
{
    (void)state;
    line_comes_back(STEP_RULE, "INPUT", "DROP", "-A INPUT -j DROP", 0);
    line_comes_back(STEP_RULE, "INPUT", "DROP", "-A INPUT -p udp -j DROP", 2 + 6);
    line_comes_back(STEP_RULE, "INPUT", "DNAT", "-A INPUT -p udp -j DNAT --to 1", 2 + 6 + 2 + 6);
    line_comes_back(STEP_RULE, "INPUT", "LOG", "-A INPUT -m comment --comment \" -j LOG\" -j LOG", 2 + 30);
    line_comes_back(STEP_RULE, "x", "y", "-A x -g y", 2 + 1 + 2 + 1);
    line_comes_back(STEP_RULE, "INPUT", "", "-A INPUT", 0);
    line_comes_back(STEP_RULE, "INPUT", "", "-A INPUT -i lo", 2 + 5);
    line_comes_back(STEP_RULE, "INPUT", "DROP", "-A  INPUT -j DROP", 64); /* not as we would write it */
    line_comes_back(STEP_RULE, "INPUT", "DROP", "-A INPUT -j DROPPED", 64);
    line_comes_back(STEP_RULE, "INPUT", "DROP", "-A OUTPUT -j DROP", 64);
    line_comes_back(STEP_RULE, "INPUT", "DROP", "", 0);
    line_comes_back(STEP_POLICY, "INPUT", "DROP", "-P INPUT DROP", 0);
    line_comes_back(STEP_POLICY, "INPUT", "DROP", "-P INPUT ACCEPT", 64);
    line_comes_back(STEP_POLICY, "INPUT", "DROP", "", 0);
    line_comes_back(STEP_POLICY, "INPUT", "", "", 0);
    line_comes_back(STEP_RETURN, "x", "RETURN", "", 2 + 1);
}

static void test_lines_are_put_together_within_a_bound(void **state)
{
    (void)state;
    struct written written;
    struct step got = {0},
                step = {.chain = BYTES("INPUT"), .rule = BYTES("-A INPUT -j DROP"), .target = BYTES("DROP")};
    written_begin(&written);
    written.encoder.lines_left = step.rule.length;
    step_write(&written.steps, &step, NULL, &written.encoder);
    assert_int_equal(written.encoder.lines_left, 0);
    assert_int_equal(written.collector.count, 0);
    step_write(&written.steps, &step, &step, &written.encoder); /* the whole line, which takes no memory */
    assert_int_equal(written.collector.count, 1);
    assert_true(read_written(&written, &got));
    unit_assert_bytes(got.rule, step.rule);
    written_end(&written);

    written_begin(&written);
    step_write(&written.steps, &step, NULL, &written.encoder);
    struct step_decoder decoder = {.strings = written_strings(&written),
                                   .allocate = unit_pool_allocate,
                                   .user = &written.pool,
                                   .lines_left = step.rule.length};
    assert_true(step_read(unit_written(&written.steps), &decoder, &(struct step){0}));
    assert_false(step_read(unit_written(&written.steps), &decoder, &(struct step){0}));
    written_end(&written);
}

static const struct string_list *shared_strings;
static bool is_sound;

static void read_step(struct bytes body)
{
    struct unit_pool pool = {0};
    struct step got = {0};
    char line[256];
    struct step_decoder decoder = {.strings = shared_strings,
                                   .allocate = unit_pool_allocate,
                                   .user = &pool,
                                   .lines_left = FORMAT_LINES_MAX};
    is_sound = step_read(body, &decoder, &got);
    step_format(&got, line, sizeof line);
    unit_pool_done(&pool);
}

static void test_damage_is_survived(void **state)
{
    (void)state;
    struct written written;
    written_begin(&written);
    step_write(&written.steps, &full, NULL, &written.encoder);
    shared_strings = written_strings(&written);
    read_step(unit_written(&written.steps));
    assert_true(is_sound);
    unit_cut_everywhere(unit_written(&written.steps), read_step);
    unit_flip_everywhere(unit_written(&written.steps), read_step);
    written_end(&written);
}

static bool reads(struct bytes body)
{
    static struct bytes string = BYTES("one");
    static const struct string_list list = {&string, 1, 1};
    shared_strings = &list;
    read_step(body);
    return is_sound;
}

static void test_what_is_damage_and_what_is_skipped(void **state)
{
    (void)state;
    assert_true(reads(BYTES("")));
    assert_true(reads(BYTES("\x08\x20")));          /* table: string 32 */
    assert_false(reads(BYTES("\x08\x21")));         /* there is no string 33 */
    assert_false(reads(BYTES("\x08\x1f")));         /* nor a known string 31 */
    assert_false(reads(BYTES("\x0a\x01x")));        /* table as text */
    assert_false(reads(BYTES("\x5a\x02\x10\x21"))); /* in: there is no string 33 */
    assert_false(reads(BYTES("\x5a\x03\x12\x01x")));
    assert_false(reads(BYTES("\x62\x05\x0a\x03"
                             "abc")));                         /* an address of 3 bytes */
    assert_false(reads(BYTES("\x58\x01")));                    /* context as a number */
    assert_true(reads(BYTES("\xf2\x07\x01x\x18\x63")));        /* field 126; step type 99 */
    assert_true(reads(BYTES("\x5a\x05\xf0\x07\x01\x08\x63"))); /* the same in the context; hook 99 */
    assert_true(reads(BYTES("\x62\x03\xf0\x07\x01")));
    assert_true(reads(BYTES("\x28\x20\x78\x01\x80\x01\x02")));  /* rule "one", comment "ne" */
    assert_false(reads(BYTES("\x28\x20\x78\x02\x80\x01\x02"))); /* reaching beyond it */
    assert_false(reads(BYTES("\x28\x20\x78\x04\x80\x01\x00")));
    assert_false(reads(BYTES("\x78\x01\x80\x01\x02"))); /* there is no line */
}

static void test_line_of_text(void **state)
{
    (void)state;
    char line[64];
    struct step step = {
        .table = BYTES("filter"), .chain = BYTES("INPUT"), .rulenum = 3, .rule = BYTES("-A INPUT -j DROP")};
    assert_int_equal(step_format(&step, line, sizeof line), 36);
    assert_string_equal(line, "filter:INPUT:rule:3 -A INPUT -j DROP");
    assert_int_equal(step_format(&step, line, 7), 36);
    assert_string_equal(line, "filter");
    assert_int_equal(step_format(&step, NULL, 0), 36);

    step = (struct step){.table = BYTES("nat"), .chain = BYTES("DOCKER"), .type = STEP_RETURN};
    step_format(&step, line, sizeof line);
    assert_string_equal(line, "nat:DOCKER:return:0");
    step.type = 99;
    step_format(&step, line, sizeof line);
    assert_string_equal(line, "nat:DOCKER:?:0");
    step_format(&(struct step){0}, line, sizeof line);
    assert_string_equal(line, "::rule:0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_each_change_by_itself),
        cmocka_unit_test(test_each_part_of_a_context_by_itself),
        cmocka_unit_test(test_what_is_the_same_is_not_repeated),
        cmocka_unit_test(test_strings_stand_once_and_are_cut),
        cmocka_unit_test(test_lines_in_parts),
        cmocka_unit_test(test_lines_are_put_together_within_a_bound),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_what_is_damage_and_what_is_skipped),
        cmocka_unit_test(test_line_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
