/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/message.h"

static void test_numbers_are_big_endian_and_bounded(void **state)
{
    (void)state;
    struct message message = {0};
    uint64_t value = 77;
    assert_false(message_get_uint(&message, MESSAGE_MARK, 0, 4, &value));
    message_set(&message, MESSAGE_MARK, BYTES("\x01\x02\x03\x04"));
    assert_true(message_get_uint(&message, MESSAGE_MARK, 0, 4, &value));
    assert_int_equal(value, 0x01020304);
    assert_true(message_get_uint(&message, MESSAGE_MARK, 2, 2, &value));
    assert_int_equal(value, 0x0304);
    assert_true(message_get_uint(&message, MESSAGE_MARK, 3, 1, &value));
    assert_int_equal(value, 4);
    assert_false(message_get_uint(&message, MESSAGE_MARK, 1, 4, &value));
    assert_false(message_get_uint(&message, MESSAGE_MARK, 0, 8, &value));
    assert_int_equal(value, 4);
    message_unset(&message, MESSAGE_MARK);
    assert_false(message_has(&message, MESSAGE_MARK));
    assert_false(message_get_uint(&message, MESSAGE_MARK, 0, 1, &value));
}

static void test_present_and_empty(void **state)
{
    (void)state;
    struct message message = {0};
    uint64_t value;
    message_set(&message, MESSAGE_L2HDR, (struct bytes){0});
    message_set(&message, MESSAGE_ATTRIBUTES_MAX - 1, (struct bytes){0});
    assert_true(message_has(&message, MESSAGE_L2HDR));
    assert_true(message_has(&message, MESSAGE_ATTRIBUTES_MAX - 1));
    assert_false(message_get_uint(&message, MESSAGE_L2HDR, 0, 1, &value));
}

static void test_time(void **state)
{
    (void)state;
    struct message message = {0};
    uint64_t time_us = 0;
    assert_false(message_get_time_us(&message, &time_us));
    message_set(&message, MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x0f\x42\x3f"));
    assert_true(message_get_time_us(&message, &time_us));
    assert_int_equal(time_us, 1700000000999999);
    message_set(&message, MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x0f\x42\x40"));
    assert_false(message_get_time_us(&message, &time_us)); /* a million microseconds */
    message_set(&message, MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x0f\x42"));
    assert_false(message_get_time_us(&message, &time_us));
    message_set(&message, MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x0f\x42\x3f\0"));
    assert_false(message_get_time_us(&message, &time_us));
    message_set(&message, MESSAGE_TIMESTAMP, BYTES("\xff\0\0\0\x65\x53\xf1\0\0\0\0\0\0\0\0\0"));
    assert_false(message_get_time_us(&message, &time_us)); /* would not fit microseconds */
    assert_int_equal(time_us, 1700000000999999);
}

static void test_prefix(void **state)
{
    (void)state;
    struct message message = {0};
    assert_int_equal(message_get_prefix(&message).length, 0);
    message_set(&message, MESSAGE_PREFIX, BYTES("TRACE: raw:OUTPUT:rule:1 \0"));
    unit_assert_bytes(message_get_prefix(&message), BYTES("TRACE: raw:OUTPUT:rule:1 "));
    message_set(&message, MESSAGE_PREFIX, BYTES("no zero"));
    unit_assert_bytes(message_get_prefix(&message), BYTES("no zero"));
    message_set(&message, MESSAGE_PREFIX, BYTES("a\0b\0"));
    unit_assert_bytes(message_get_prefix(&message), BYTES("a"));
    message_set(&message, MESSAGE_PREFIX, BYTES("\0"));
    assert_int_equal(message_get_prefix(&message).length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_big_endian_and_bounded),
        cmocka_unit_test(test_present_and_empty),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
