/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/envelope.h"

static void test_written_and_opened(void **state)
{
    (void)state;
    struct wire_writer writer = {0};
    envelope_write(&writer, ENVELOPE_MESSAGES);
    unit_assert_bytes(unit_written(&writer), BYTES("IPTR\1\2\0\0"));

    wire_write_raw(&writer, "body", 4);
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(unit_written(&writer), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(version, IPTRACE_FORMAT_VERSION);
    assert_int_equal(kind, ENVELOPE_MESSAGES);
    unit_assert_bytes(body, BYTES("body"));
    wire_writer_done(&writer);
}

static void test_foreign_and_short(void **state)
{
    (void)state;
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(BYTES("IPTX\1\2\0\0"), &version, &kind, &body), ENVELOPE_FOREIGN);
    assert_int_equal(envelope_open((struct bytes){0}, &version, &kind, &body), ENVELOPE_FOREIGN);
    for (size_t length = 0; length < IPTRACE_ENVELOPE_LENGTH; length++) {
        uint8_t *copy = unit_copy((struct bytes){(const uint8_t *)"IPTR\1\2\0", length});
        assert_int_equal(envelope_open((struct bytes){copy, length}, &version, &kind, &body),
                         ENVELOPE_FOREIGN);
        free(copy);
    }
}

static void test_another_version_keeps_its_body_closed(void **state)
{
    (void)state;
    unsigned version = 0, kind = 0;
    struct bytes body = {0};
    assert_int_equal(envelope_open(BYTES("IPTR\2\1\0\0body"), &version, &kind, &body), ENVELOPE_VERSION);
    assert_int_equal(version, 2);
    assert_int_equal(kind, ENVELOPE_PATH);
    assert_null(body.data);
}

static void test_unknown_kind_and_reserved_bytes_are_no_damage(void **state)
{
    (void)state;
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(BYTES("IPTR\1\x63\xff\xff"), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(kind, 99);
    assert_int_equal(body.length, 0);
}

static void test_padding_is_told_and_taken_off(void **state)
{
    (void)state;
    for (size_t length = 0; length < 9; length++) {
        struct wire_writer writer = {0};
        unsigned version, kind;
        struct bytes body;
        wire_write_raw(&writer, "before", 6);
        envelope_write(&writer, ENVELOPE_RULESET);
        wire_write_raw(&writer, "bodybody", length);
        envelope_pad(&writer, 6);
        assert_int_equal((writer.length - 6) % 4, 0);
        assert_in_range(writer.length - 6 - IPTRACE_ENVELOPE_LENGTH - length, 0, 3);
        struct bytes padded = {writer.data + 6, writer.length - 6};
        assert_int_equal(envelope_open(padded, &version, &kind, &body), ENVELOPE_OK);
        unit_assert_bytes(body, (struct bytes){(const uint8_t *)"bodybody", length});
        wire_writer_done(&writer);
    }
}

static void test_impossible_padding_is_none(void **state)
{
    (void)state;
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(BYTES("IPTR\1\2\4\0body"), &version, &kind, &body), ENVELOPE_OK);
    unit_assert_bytes(body, BYTES("body"));
    assert_int_equal(envelope_open(BYTES("IPTR\1\2\3\0bo"), &version, &kind, &body), ENVELOPE_OK);
    unit_assert_bytes(body, BYTES("bo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_and_opened),
        cmocka_unit_test(test_foreign_and_short),
        cmocka_unit_test(test_another_version_keeps_its_body_closed),
        cmocka_unit_test(test_unknown_kind_and_reserved_bytes_are_no_damage),
        cmocka_unit_test(test_padding_is_told_and_taken_off),
        cmocka_unit_test(test_impossible_padding_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
