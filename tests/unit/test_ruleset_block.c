/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/envelope.h"
#include "format/ruleset_block.h"

#define RULES "*filter\n:INPUT DROP\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"

static struct bytes body_of(const struct wire_writer *block)
{
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(unit_written(block), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(kind, ENVELOPE_RULESET);
    return body;
}

static const struct ruleset_part part = {
    .capture_id = 0xfffffffe,
    .ruleset = 4,
    .generation = 2,
    .family = 6,
    .table = BYTES("filter"),
    .netns = BYTES("blue"),
    .time_ns = 1700000000123456789ull,
    .part = 1,
    .parts = 3,
    .text = BYTES(RULES),
};

static const struct ruleset_own owns[] = {
    {BYTES("PREROUTING"), 1},
    {BYTES("OUTPUT"),     1},
    {BYTES("OUTPUT"),     2},
};

static void write_block(struct wire_writer *out)
{
    ruleset_part_write(out, &part, owns, 3);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    struct ruleset_part got;
    struct ruleset_own own;
    write_block(&out);
    assert_true(ruleset_part_read(body_of(&out), &got));
    assert_int_equal(got.capture_id, part.capture_id);
    assert_int_equal(got.ruleset, part.ruleset);
    assert_int_equal(got.generation, part.generation);
    assert_int_equal(got.family, part.family);
    assert_int_equal(got.time_ns, part.time_ns);
    assert_int_equal(got.part, part.part);
    assert_int_equal(got.parts, part.parts);
    unit_assert_bytes(got.table, part.table);
    unit_assert_bytes(got.netns, part.netns);
    unit_assert_bytes(got.text, part.text);

    struct wire_reader reader = wire_reader_of(got.body);
    for (size_t i = 0; i < 3; i++) {
        assert_true(ruleset_part_next_own(&reader, &own));
        unit_assert_bytes(own.chain, owns[i].chain);
        assert_int_equal(own.number, owns[i].number);
        own = (struct ruleset_own){0};
        assert_true(ruleset_part_own(&got, i, &own));
        unit_assert_bytes(own.chain, owns[i].chain);
        assert_int_equal(own.number, owns[i].number);
    }
    assert_false(ruleset_part_next_own(&reader, &own));
    assert_false(ruleset_part_own(&got, 3, &own));
    assert_false(ruleset_part_own(&got, SIZE_MAX, &own));
    wire_writer_done(&out);
}

static void test_largest_part_fits_a_block(void **state)
{
    (void)state;
    static uint8_t text[RULESET_TEXT_MAX];
    static struct ruleset_own many[RULESET_OWN_MAX];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < RULESET_OWN_MAX; i++)
        many[i] = (struct ruleset_own){
            {text, 28},
            UINT32_MAX
        };
    struct ruleset_part large = part;
    struct ruleset_part got;
    struct wire_writer out = {0};
    large.text = (struct bytes){text, sizeof text};
    large.netns = (struct bytes){text, 4096};
    ruleset_part_write(&out, &large, many, RULESET_OWN_MAX);
    assert_in_range(out.length, sizeof text, PCAPNG_BLOCK_MAX - 64);
    assert_true(ruleset_part_read(body_of(&out), &got));
    unit_assert_bytes(got.text, large.text);
    wire_writer_done(&out);
}

static bool is_sound;

static void read_all(struct bytes body)
{
    struct ruleset_part got;
    struct ruleset_own own;
    volatile uint8_t sum = 0; /* read, so that a sanitizer sees what is behind the end */
    is_sound = ruleset_part_read(body, &got);
    struct wire_reader reader = wire_reader_of(got.body);
    for (size_t i = 0; i < got.text.length; i++)
        sum += got.text.data[i];
    while (ruleset_part_next_own(&reader, &own))
        for (size_t i = 0; i < own.chain.length; i++)
            sum += own.chain.data[i];
    (void)sum;
}

static void test_damage_is_survived(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    write_block(&out);
    read_all(body_of(&out));
    assert_true(is_sound);
    unit_cut_everywhere(body_of(&out), read_all);
    unit_flip_everywhere(body_of(&out), read_all);
    wire_writer_done(&out);
}

static void test_later_fields_are_skipped_and_wrong_types_are_damage(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    write_block(&out);
    struct bytes body = body_of(&out);
    struct wire_writer later = {0};
    wire_write_bytes(&later, 99, BYTES("later"));
    wire_write_raw(&later, body.data, body.length);
    wire_write_bytes(&later, 11, BYTES("\xa2\x06\x01x")); /* an own rule with field 100 alone */
    read_all(unit_written(&later));
    assert_true(is_sound);
    wire_write_uint(&later, 10, 5); /* text as a number */
    read_all(unit_written(&later));
    assert_false(is_sound);
    wire_writer_done(&later);
    wire_writer_done(&out);
}

static void test_too_many_own_rules_are_damage(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    for (unsigned i = 0; i < RULESET_OWN_MAX; i++)
        wire_write_bytes(&out, 11, BYTES(""));
    read_all(unit_written(&out));
    assert_true(is_sound);
    wire_write_bytes(&out, 11, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_largest_part_fits_a_block),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_later_fields_are_skipped_and_wrong_types_are_damage),
        cmocka_unit_test(test_too_many_own_rules_are_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
