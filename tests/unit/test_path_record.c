/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/envelope.h"
#include "format/path_record.h"

#define STEPS_MAX 4096

static const struct path path = {
    .packet_id = 0xfedcba9800000007ull,
    .verdict = VERDICT_DROP,
    .reason = REASON_RULE,
    .decided = 2,
    .backend = BACKEND_LEGACY,
    .incomplete = true,
    .ambiguous = true,
    .copy = true,
    .steps = 2,
    .netns = BYTES("blue"),
};

static const struct step accepted = {
    .table = BYTES("raw"),
    .chain = BYTES("PREROUTING"),
    .type = STEP_POLICY,
    .rule = BYTES("-P PREROUTING ACCEPT"),
    .target = BYTES("ACCEPT"),
    .has_time = true,
    .context.has_hook = true,
    .context.in = BYTES("eth0"),
};

static const struct step dropped = {
    .table = BYTES("filter"),
    .chain = BYTES("INPUT"),
    .type = STEP_RULE,
    .rulenum = 3,
    .rule = BYTES("-A INPUT -p udp -j DROP"),
    .target = BYTES("DROP"),
    .ruleset = 2,
    .has_time = true,
    .time_ns = 12000,
    .context.has_hook = true,
    .context.hook = HOOK_INPUT,
    .context.in = BYTES("eth0"),
    .change.has_ttl = true,
    .change.ttl = 63,
};

static struct bytes body_of(const struct wire_writer *record)
{
    unsigned version, kind;
    struct bytes body;
    assert_in_range(record->length, 0, PCAPNG_OPTION_MAX - 4); /* what the enterprise number leaves */
    assert_int_equal(envelope_open(unit_written(record), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(kind, ENVELOPE_PATH);
    return body;
}

static struct wire_writer record_of(const struct path *said, const struct step *steps, size_t count)
{
    struct wire_writer out = {0};
    struct path_writer *writer = calloc(1, sizeof *writer);
    path_record_write(&out, writer, said, steps, count);
    path_writer_done(writer);
    free(writer);
    return out;
}

static struct wire_writer record_of_two(const struct path *said)
{
    const struct step two[] = {accepted, dropped};
    return record_of(said, two, 2);
}

static void assert_step_equal(const struct step *got, const struct step *expected)
{
    unit_assert_bytes(got->table, expected->table);
    unit_assert_bytes(got->chain, expected->chain);
    unit_assert_bytes(got->rule, expected->rule);
    unit_assert_bytes(got->target, expected->target);
    unit_assert_bytes(got->comment, expected->comment);
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->rulenum, expected->rulenum);
    assert_int_equal(got->time_ns, expected->time_ns);
    assert_int_equal(got->change.ttl, expected->change.ttl);
    assert_true(context_equal(&got->context, &expected->context));
}

static void test_round_trip(void **state)
{
    (void)state;
    struct wire_writer out = record_of_two(&path);
    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step step = {0};
    struct bytes body;
    assert_true(path_reader_begin(&reader, body_of(&out), unit_pool_allocate, &pool, &got));
    assert_int_equal(got.packet_id, path.packet_id);
    assert_int_equal(got.verdict, path.verdict);
    assert_int_equal(got.reason, path.reason);
    assert_int_equal(got.decided, path.decided);
    assert_int_equal(got.backend, path.backend);
    assert_int_equal(got.steps, 2);
    assert_true(got.incomplete && got.ambiguous && got.copy && !got.cut);
    unit_assert_bytes(got.netns, path.netns);
    for (size_t i = 0; i < 2; i++) {
        assert_true(path_reader_next(&reader, &step, &body));
        assert_step_equal(&step, i == 0 ? &accepted : &dropped);
        assert_true(body.data > out.data && body.data + body.length <= out.data + out.length);
    }
    assert_false(path_reader_next(&reader, &step, NULL));
    assert_false(reader.reader.bad);
    unit_pool_done(&pool);
    wire_writer_done(&out);
}

static void test_nothing_known(void **state)
{
    (void)state;
    const struct path nothing = {.packet_id = 1};
    struct wire_writer out = record_of(&nothing, NULL, 0);
    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step step = {0};
    assert_true(path_reader_begin(&reader, body_of(&out), unit_pool_allocate, &pool, &got));
    assert_int_equal(got.verdict, VERDICT_UNKNOWN);
    assert_int_equal(got.decided, 0);
    assert_false(got.incomplete || got.ambiguous || got.copy || got.cut);
    assert_false(path_reader_next(&reader, &step, NULL));
    assert_false(reader.reader.bad);
    unit_pool_done(&pool);
    wire_writer_done(&out);
}

/* Many steps that must be cut; `text` is the length of each rule's text, every one of its own. */
static void assert_cut_keeps_the_deciding_step(size_t count, size_t text, uint32_t decided)
{
    struct step *steps = unit_allocate(count * sizeof *steps);
    char *texts = unit_allocate(count * (text + 1));
    for (size_t i = 0; i < count; i++) {
        char *at = texts + i * (text + 1);
        memset(at, 'x', text);
        memcpy(at, &i, text < sizeof i ? text : sizeof i);
        steps[i] = i % 2 ? dropped : accepted;
        steps[i].rule = (struct bytes){(uint8_t *)at, text};
        steps[i].rulenum = (uint32_t)i;
    }
    struct path said = path;
    said.decided = decided;
    said.steps = (uint32_t)count;
    struct wire_writer out = record_of(&said, steps, count);

    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step step = {0};
    uint32_t read = 0, met = 0;
    assert_true(path_reader_begin(&reader, body_of(&out), unit_pool_allocate, &pool, &got));
    assert_true(got.cut);
    assert_int_equal(got.steps, count);
    while (path_reader_next(&reader, &step, NULL)) {
        read++;
        if (read == got.decided) {
            assert_int_equal(step.rulenum, decided - 1);
            assert_int_equal(step.rule.length, text < STEP_RULE_MAX ? text : STEP_RULE_MAX);
            met++;
        } else {
            assert_int_equal(step.rulenum, read - 1);
        }
    }
    assert_false(reader.reader.bad);
    assert_int_equal(met, decided != 0);
    assert_in_range(read, 1, count - 1);
    unit_pool_done(&pool);
    wire_writer_done(&out);
    free(texts);
    free(steps);
}

static void test_long_records_are_cut(void **state)
{
    (void)state;
    assert_cut_keeps_the_deciding_step(STEPS_MAX, 8, STEPS_MAX); /* too many strings */
    assert_cut_keeps_the_deciding_step(STEPS_MAX, 0, STEPS_MAX); /* too many steps */
    assert_cut_keeps_the_deciding_step(STEPS_MAX, 1000, 1);
    assert_cut_keeps_the_deciding_step(STEPS_MAX, 1000, 700);
    assert_cut_keeps_the_deciding_step(STEPS_MAX, 1000, 0);
    assert_cut_keeps_the_deciding_step(3, 40000, 3);
    assert_cut_keeps_the_deciding_step(3, 100000, 3); /* the text itself is cut */
}

static void test_longest_strings_fit(void **state)
{
    (void)state;
    static uint8_t text[100000];
    struct bytes all = {text, sizeof text};
    struct step step = {
        .table = all, .chain = all, .rule = all, .target = all, .comment = all, .rulenum = UINT32_MAX};
    struct path said = path;
    memset(text, 'x', sizeof text);
    step.context = (struct context){.in = all, .out = all, .physin = all, .physout = all};
    said.netns = all;
    said.decided = said.steps = 1;
    struct wire_writer out = record_of(&said, &step, 1);
    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step read = {0};
    assert_true(path_reader_begin(&reader, body_of(&out), unit_pool_allocate, &pool, &got));
    assert_int_equal(got.netns.length, FORMAT_NETNS_MAX);
    assert_true(path_reader_next(&reader, &read, NULL));
    assert_int_equal(read.rule.length, STEP_RULE_MAX);
    unit_pool_done(&pool);
    wire_writer_done(&out);
}

static void test_a_shorter_list_than_the_path_is_marked_cut(void **state)
{
    (void)state;
    struct path said = path;
    said.steps = 9;
    said.decided = 9; /* not among the steps that are given */
    struct wire_writer out = record_of_two(&said);
    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    assert_true(path_reader_begin(&reader, body_of(&out), unit_pool_allocate, &pool, &got));
    assert_true(got.cut);
    assert_int_equal(got.steps, 9);
    assert_int_equal(got.decided, 0);
    unit_pool_done(&pool);
    wire_writer_done(&out);
}

static bool is_sound;
static unsigned steps_read;

static void read_all(struct bytes body)
{
    static struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step step = {0};
    char line[300];
    steps_read = 0;
    if (path_reader_begin(&reader, body, unit_pool_allocate, &pool, &got))
        while (path_reader_next(&reader, &step, NULL)) {
            steps_read++;
            step_format(&step, line, sizeof line);
        }
    is_sound = !reader.reader.bad;
    unit_pool_done(&pool);
}

static void test_damage_is_survived(void **state)
{
    (void)state;
    struct wire_writer out = record_of_two(&path);
    read_all(body_of(&out));
    assert_true(is_sound);
    assert_int_equal(steps_read, 2);
    unit_cut_everywhere(body_of(&out), read_all);
    unit_flip_everywhere(body_of(&out), read_all);
    wire_writer_done(&out);
}

static void test_later_fields_and_numbers_are_skipped(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    wire_write_bytes(&out, 99, BYTES("later"));
    wire_write_uint(&out, 2, 99);     /* a verdict without a name */
    wire_write_uint(&out, 5, 1 << 9); /* a flag without a name */
    wire_write_bytes(&out, 9, BYTES("mine"));
    wire_write_bytes(&out, 10, BYTES("\x08\x20"));
    wire_write_uint(&out, 98, 1);
    wire_write_bytes(&out, 10, BYTES("\x18\x63"));
    struct path_reader reader;
    struct path got;
    struct unit_pool pool = {0};
    struct step step = {0};
    assert_true(path_reader_begin(&reader, unit_written(&out), unit_pool_allocate, &pool, &got));
    assert_int_equal(got.verdict, 99);
    assert_false(got.incomplete || got.ambiguous || got.copy || got.cut);
    assert_true(path_reader_next(&reader, &step, NULL));
    unit_assert_bytes(step.table, BYTES("mine"));
    assert_true(path_reader_next(&reader, &step, NULL));
    assert_int_equal(step.type, 99);
    assert_false(path_reader_next(&reader, &step, NULL));
    assert_false(reader.reader.bad);
    unit_pool_done(&pool);
    wire_writer_done(&out);
}

static void test_too_many_strings_are_damage(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    for (unsigned i = 0; i < FORMAT_STRINGS_MAX; i++)
        wire_write_bytes(&out, 9, BYTES(""));
    read_all(unit_written(&out));
    assert_true(is_sound);
    wire_write_bytes(&out, 9, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_long_records_are_cut),
        cmocka_unit_test(test_longest_strings_fit),
        cmocka_unit_test(test_a_shorter_list_than_the_path_is_marked_cut),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_later_fields_and_numbers_are_skipped),
        cmocka_unit_test(test_too_many_strings_are_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
