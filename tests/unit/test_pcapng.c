/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/core/pcapng.h"

static void assert_written(struct wire_writer *out, struct bytes expected)
{
    unit_assert_bytes(unit_written(out), expected);
    assert_int_equal(out->length % 4, 0);
    wire_writer_done(out);
}

static void test_section(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    pcapng_write_section(&out, "x86", NULL, "");
    assert_written(&out,
                   BYTES("\x0a\x0d\x0d\x0a\x28\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
                         "\2\0\3\0x86\0"
                         "\0\0\0\0\x28\0\0\0"));
}

/* Hardware, operating system, application: which is which stands in the code alone. */
static void test_section_options(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    pcapng_write_section(&out, "x86", "Lin", "ipt");
    assert_written(&out,
                   BYTES("\x0a\x0d\x0d\x0a\x38\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"
                         "\2\0\3\0x86\0"
                         "\3\0\3\0Lin\0"
                         "\4\0\3\0ipt\0"
                         "\0\0\0\0\x38\0\0\0"));
}

static void test_interface(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    pcapng_write_interface(&out, BYTES("eth0"), 256, "udp");
    assert_written(&out, BYTES("\1\0\0\0\x30\0\0\0\x0c\0\0\0\0\1\0\0"
                               "\2\0\4\0eth0"
                               "\x09\0\1\0\x09\0\0\0"
                               "\x0b\0\4\0\0udp"
                               "\0\0\0\0\x30\0\0\0"));
    pcapng_write_interface(&out, (struct bytes){0}, 0, NULL);
    assert_written(&out, BYTES("\1\0\0\0\x20\0\0\0\x0c\0\0\0\0\0\0\0\x09\0\1\0\x09\0\0\0\0\0\0\0\x20\0\0\0"));
}

static void test_packet(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    const struct pcapng_packet packet = {
        .interface = 2,
        .time_ns = 0x1122334455667788,
        .data = BYTES("12345"),
        .original_length = 9,
        .packet_id = 0x0102030405060708,
        .drop_count = 3,
        .direction = PCAPNG_INBOUND,
        .comment = BYTES("hi"),
        .record = BYTES("abc"),
    };
    pcapng_write_packet(&out, &packet);
    assert_written(&out, BYTES("\6\0\0\0\x60\0\0\0\2\0\0\0\x44\x33\x22\x11\x88\x77\x66\x55\5\0\0\0\x09\0\0\0"
                               "12345\0\0\0"
                               "\1\0\2\0hi\0\0"
                               "\2\0\4\0\1\0\0\0"
                               "\4\0\x08\0\3\0\0\0\0\0\0\0"
                               "\5\0\x08\0\x08\7\6\5\4\3\2\1"
                               "\xad\x0b\7\0\xd9\x7e\0\0"
                               "abc\0"
                               "\0\0\0\0\x60\0\0\0"));
}

static void test_custom_and_journal(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    pcapng_write_custom(&out, BYTES("abcd"));
    assert_written(&out, BYTES("\xad\x0b\0\0\x14\0\0\0\xd9\x7e\0\0abcd\x14\0\0\0"));
    pcapng_write_journal(&out, BYTES("A=B\nC\n"));
    assert_written(&out, BYTES("\x09\0\0\0\x14\0\0\0A=B\nC\n\0\0\x14\0\0\0"));
}

static void test_statistics(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    const struct pcapng_statistics statistics = {1, 0x100000002, 0x300000004, 0x500000006, 7, 8};
    pcapng_write_statistics(&out, &statistics);
    assert_written(&out, BYTES("\5\0\0\0\x4c\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0"
                               "\2\0\x08\0\3\0\0\0\4\0\0\0"
                               "\3\0\x08\0\5\0\0\0\6\0\0\0"
                               "\4\0\x08\0\7\0\0\0\0\0\0\0"
                               "\5\0\x08\0\x08\0\0\0\0\0\0\0"
                               "\0\0\0\0\x4c\0\0\0"));
}

/* Everything as long as it can be: dumpcap and editcap must not refuse the block. */
static void test_longest_packet(void **state)
{
    (void)state;
    static uint8_t many[70000];
    struct wire_writer out = {0};
    const struct pcapng_packet packet = {
        .data = {many, 65535      },
        .original_length = 65535,
        .drop_count = 1,
        .comment = {many, sizeof many},
        .record = {many, 65531      },
    };
    pcapng_write_packet(&out, &packet);
    assert_true(out.length <= PCAPNG_BLOCK_MAX);
    wire_writer_done(&out);
}

static void test_comment_is_cut_between_characters(void **state)
{
    (void)state;
    static uint8_t many[70000];
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = i % 2 ? 0xbc : 0xc3;
    struct wire_writer out = {0};
    const struct pcapng_packet packet = {
        .comment = {many, sizeof many}
    };
    pcapng_write_packet(&out, &packet);
    assert_int_equal(out.data[30] | out.data[31] << 8, 65534);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_section),
        cmocka_unit_test(test_section_options),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_packet),
        cmocka_unit_test(test_custom_and_journal),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_longest_packet),
        cmocka_unit_test(test_comment_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
