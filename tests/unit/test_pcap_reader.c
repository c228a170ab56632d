/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/input/pcap_reader.h"
#include "tests/unit/capture_build.h"

static void build(struct wire_writer *out, bool big, uint32_t magic)
{
    build_uint(out, big, 4, magic);
    build_uint(out, big, 2, 2);
    build_uint(out, big, 2, 4);
    build_uint(out, big, 8, 0);
    build_uint(out, big, 4, 262144);
    build_uint(out, big, 4, 0x10000000 | 239);
    build_uint(out, big, 4, 1700000000);
    build_uint(out, big, 4, 123456);
    build_uint(out, big, 4, 5);
    build_uint(out, big, 4, 9);
    wire_write_raw(out, "hello", 5);
}

static void test_orders_and_times(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct wire_writer out = {0};
        struct pcap_reader reader;
        struct pcap_record record;
        size_t wanted;
        build(&out, i & 1, i & 2 ? 0xA1B23C4D : 0xA1B2C3D4);
        struct bytes window = unit_written(&out);
        assert_true(pcap_reader_begin(&reader, window));
        assert_int_equal(reader.link_type, 239);
        window = (struct bytes){window.data + PCAP_HEADER_LENGTH, window.length - PCAP_HEADER_LENGTH};
        for (size_t length = 0; length < window.length; length++) {
            struct bytes part = {window.data, length};
            assert_int_equal(pcap_reader_next(&reader, &part, &record, &wanted), PCAP_MORE);
            assert_int_equal(wanted, length < 16 ? 16 : 21);
        }
        assert_int_equal(pcap_reader_next(&reader, &window, &record, &wanted), PCAP_RECORD);
        assert_true(record.time_ns == 1700000000000000000 + (i & 2 ? 123456 : 123456000));
        assert_true(record.cut);
        unit_assert_bytes(record.data, BYTES("hello"));
        assert_int_equal(window.length, 0);
        wire_writer_done(&out);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    struct pcap_reader reader = {.link_type = 239};
    struct pcap_record record;
    size_t wanted;
    struct bytes window = BYTES("\0\0\0\0\0\0\0\0\xff\xff\xff\x7f\0\0\0\0");
    assert_false(pcap_reader_begin(&reader, BYTES("\xd4\xc3\xb2\xa1 too short")));
    assert_false(pcap_reader_begin(&reader, BYTES("something else, long enough to be one")));
    assert_int_equal(pcap_reader_next(&reader, &window, &record, &wanted), PCAP_DAMAGE);
}

static void read_all(struct bytes bytes)
{
    struct pcap_reader reader;
    struct pcap_record record;
    size_t wanted;
    if (!pcap_reader_begin(&reader, bytes))
        return;
    bytes = (struct bytes){bytes.data + PCAP_HEADER_LENGTH, bytes.length - PCAP_HEADER_LENGTH};
    while (pcap_reader_next(&reader, &bytes, &record, &wanted) == PCAP_RECORD)
        continue;
}

static void test_damage(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    build(&out, true, 0xA1B2C3D4);
    unit_cut_everywhere(unit_written(&out), read_all);
    unit_flip_everywhere(unit_written(&out), read_all);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orders_and_times),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
