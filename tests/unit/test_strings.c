/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/strings.h"

#define EXPECT_KNOWN(number, word) {number, BYTES(word)},

static void test_known_strings(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        struct bytes word;
    } known[] = {KNOWN_STRING_TABLE(EXPECT_KNOWN)};
    const struct string_list none = {0};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct wire_reader reader = {0};
        assert_int_equal(known_string_number(known[i].word), known[i].number);
        unit_assert_bytes(string_list_get(&none, known[i].number, &reader), known[i].word);
        assert_false(reader.bad);
    }
    assert_int_equal(known_string_number(BYTES("")), 0);
    assert_int_equal(known_string_number(BYTES("drop")), 0);
    assert_int_equal(known_string_number(BYTES("POSTROUTINGS")), 0);
}

static void test_numbers_without_a_string_are_damage(void **state)
{
    (void)state;
    struct bytes own = BYTES("own");
    const struct string_list list = {&own, 1, 1};
    struct wire_reader reader = {0};
    assert_int_equal(string_list_get(&list, 0, &reader).length, 0);
    unit_assert_bytes(string_list_get(&list, STRINGS_OWN_FIRST, &reader), own);
    assert_false(reader.bad);
    const uint64_t wrong[] = {STRINGS_OWN_FIRST - 1, STRINGS_OWN_FIRST + 1, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        reader.bad = false;
        assert_int_equal(string_list_get(&list, wrong[i], &reader).length, 0);
        assert_true(reader.bad);
    }
}

static void test_collector_stops_when_full(void **state)
{
    (void)state;
    static uint16_t numbers[FORMAT_STRINGS_MAX];
    static struct string_collector collector;
    struct wire_writer out = {0};
    collector = (struct string_collector){.writer = &out, .field = 9};
    assert_int_equal(string_collector_number(&collector, BYTES("")), 0);
    assert_int_equal(string_collector_number(&collector, BYTES("DROP")), known_string_number(BYTES("DROP")));
    assert_int_equal(out.length, 0);
    for (uint32_t i = 0; i < FORMAT_STRINGS_MAX; i++) {
        numbers[i] = (uint16_t)i;
        struct bytes string = {(const uint8_t *)&numbers[i], 2};
        assert_int_equal(string_collector_number(&collector, string), STRINGS_OWN_FIRST + i);
    }
    assert_int_equal(string_collector_number(&collector, BYTES("more")), 0);
    assert_int_equal(string_collector_number(&collector, (struct bytes){(uint8_t *)&numbers[7], 2}),
                     STRINGS_OWN_FIRST + 7);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_strings),
        cmocka_unit_test(test_numbers_without_a_string_are_damage),
        cmocka_unit_test(test_collector_stops_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
