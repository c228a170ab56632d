/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/input/pcapng_reader.h"
#include "tests/unit/capture_build.h"

/* Two sections, in both byte orders. */
static struct bytes two_sections(struct wire_writer *out)
{
    for (unsigned big = 0; big < 2; big++) {
        build_section(out, big);
        build_interface(out, big, 239, 9, 0);
        build_interface(out, big, 101, 6, 1000);
        build_packet(out, big, 0, 1700000000123456789, BYTES("nanoseconds"), 11);
        build_packet(out, big, 1, 5000001, BYTES("micro"), 500);
        build_custom(out, big, 32473, BYTES("content"));
    }
    return unit_written(out);
}

static struct pcapng_reader_block next_block(struct pcapng_reader *reader, struct bytes *window)
{
    struct pcapng_reader_block block;
    size_t wanted;
    assert_int_equal(pcapng_reader_next(reader, window, true, &block, &wanted), PCAPNG_BLOCK);
    assert_true(pcapng_reader_note(reader, &block));
    return block;
}

static void test_both_byte_orders(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    struct pcapng_reader reader = {0};
    struct pcapng_reader_packet packet;
    struct pcapng_reader_block block;
    struct bytes window = two_sections(&out);
    size_t wanted;
    uint32_t number;
    for (unsigned section = 0; section < 2; section++) {
        assert_int_equal(next_block(&reader, &window).type, PCAPNG_SECTION_HEADER);
        next_block(&reader, &window);
        next_block(&reader, &window);
        block = next_block(&reader, &window);
        assert_true(pcapng_reader_packet(&reader, &block, &packet));
        assert_int_equal(packet.link_type, 239);
        assert_true(packet.has_time && packet.time_ns == 1700000000123456789);
        assert_false(packet.cut);
        unit_assert_bytes(packet.data, BYTES("nanoseconds"));
        block = next_block(&reader, &window);
        assert_true(pcapng_reader_packet(&reader, &block, &packet));
        assert_true(packet.time_ns == 1005000001000);
        assert_true(packet.cut);
        block = next_block(&reader, &window);
        assert_int_equal(block.type, PCAPNG_CUSTOM_BLOCK);
        assert_true(pcapng_reader_uint32(&reader, block.body, 0, &number));
        assert_int_equal(number, 32473);
        assert_false(pcapng_reader_uint32(&reader, block.body, block.body.length - 3, &number));
        unit_assert_bytes(block.body, (struct bytes){block.body.data, 12});
    }
    assert_int_equal(pcapng_reader_next(&reader, &window, true, &block, &wanted), PCAPNG_END);
    pcapng_reader_done(&reader);
    wire_writer_done(&out);
}

static void test_old_kinds_of_packets(void **state)
{
    (void)state;
    struct wire_writer out = {0}, body = {0};
    struct pcapng_reader reader = {0};
    struct pcapng_reader_packet packet;
    build_section(&out, false);
    build_interface(&out, false, 239, 6, 0);
    build_uint(&body, false, 4, 10);
    wire_write_raw(&body, "simple..", 8);
    build_block(&out, false, PCAPNG_SIMPLE_PACKET, &body);
    build_uint(&body, false, 4, 0); /* interface, drops */
    build_uint(&body, false, 4, 0);
    build_uint(&body, false, 4, 7);
    build_uint(&body, false, 4, 3);
    build_uint(&body, false, 4, 3);
    wire_write_raw(&body, "old", 3);
    build_block(&out, false, PCAPNG_OLD_PACKET, &body);
    struct bytes window = unit_written(&out);
    next_block(&reader, &window);
    next_block(&reader, &window);
    struct pcapng_reader_block block = next_block(&reader, &window);
    assert_true(pcapng_reader_packet(&reader, &block, &packet));
    unit_assert_bytes(packet.data, BYTES("simple.."));
    assert_true(packet.cut && !packet.has_time);
    block = next_block(&reader, &window);
    assert_true(pcapng_reader_packet(&reader, &block, &packet));
    unit_assert_bytes(packet.data, BYTES("old"));
    assert_int_equal(packet.time_ns, 7000);
    pcapng_reader_done(&reader);
    wire_writer_done(&out);
}

static void test_bytes_come_in_parts(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    struct bytes all = two_sections(&out);
    struct pcapng_reader reader = {0};
    struct pcapng_reader_block block;
    size_t have = 0, taken = 0, wanted;
    unsigned blocks = 0;
    while (taken < all.length) {
        struct bytes window = {all.data + taken, have - taken}, rest = window;
        if (pcapng_reader_next(&reader, &rest, false, &block, &wanted) == PCAPNG_MORE) {
            assert_true(wanted > have - taken && taken + wanted <= all.length);
            have++;
            continue;
        }
        pcapng_reader_note(&reader, &block);
        taken += window.length - rest.length;
        blocks++;
    }
    assert_int_equal(blocks, 12);
    pcapng_reader_done(&reader);
    wire_writer_done(&out);
}

static void test_damage_is_passed_over(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    struct bytes window = two_sections(&out);
    struct pcapng_reader reader = {0};
    struct pcapng_reader_block block;
    size_t wanted;
    next_block(&reader, &window);
    uint32_t length;
    memcpy(&length, window.data + 4, 4);
    out.data[window.data - out.data + 4] ^= 0x40; /* the length of the first interface block */
    assert_int_equal(pcapng_reader_next(&reader, &window, true, &block, &wanted), PCAPNG_DAMAGE);
    next_block(&reader, &window); /* the second interface, now the first */
    block = next_block(&reader, &window);
    struct pcapng_reader_packet packet;
    assert_true(pcapng_reader_packet(&reader, &block, &packet));
    block = next_block(&reader, &window);
    assert_false(pcapng_reader_packet(&reader, &block, &packet));
    pcapng_reader_done(&reader);
    wire_writer_done(&out);
}

static void test_strange_resolutions(void **state)
{
    (void)state;
    static const struct {
        uint8_t resolution;
        uint64_t ticks, ns;
        bool sound;
    } cases[] = {
        {0,    5,          5000000000, true },
        {12,   1234567,    1234,       true },
        {0x8a, 1536,       1500000000, true },
        {19,   UINT64_MAX, 1844674407, true },
        {20,   1,          0,          false},
        {0xc0, 1,          0,          false},
        {0,    UINT64_MAX, UINT64_MAX, true },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_writer out = {0};
        struct pcapng_reader reader = {0};
        struct pcapng_reader_block block;
        struct pcapng_reader_packet packet;
        size_t wanted;
        build_section(&out, true);
        build_interface(&out, true, 239, cases[i].resolution, 0);
        build_packet(&out, true, 0, cases[i].ticks, BYTES("x"), 1);
        struct bytes window = unit_written(&out);
        next_block(&reader, &window);
        assert_int_equal(pcapng_reader_next(&reader, &window, true, &block, &wanted), PCAPNG_BLOCK);
        assert_int_equal(pcapng_reader_note(&reader, &block), cases[i].sound);
        block = next_block(&reader, &window);
        assert_true(pcapng_reader_packet(&reader, &block, &packet));
        assert_int_equal(packet.has_time, cases[i].sound);
        if (cases[i].sound)
            assert_true(packet.time_ns == cases[i].ns);
        pcapng_reader_done(&reader);
        wire_writer_done(&out);
    }
}

static void read_all(struct bytes window)
{
    struct pcapng_reader reader = {0};
    struct pcapng_reader_block block;
    struct pcapng_reader_packet packet;
    enum pcapng_status status;
    size_t wanted;
    unsigned rounds = 0;
    do {
        assert_true(rounds++ < 1000);
        status = pcapng_reader_next(&reader, &window, true, &block, &wanted);
        assert_true(status != PCAPNG_MORE);
        if (status != PCAPNG_BLOCK)
            continue;
        pcapng_reader_note(&reader, &block);
        pcapng_reader_packet(&reader, &block, &packet);
    } while (status == PCAPNG_BLOCK || status == PCAPNG_DAMAGE);
    assert_int_equal(window.length, 0);
    pcapng_reader_done(&reader);
}

static void test_damage_everywhere(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    struct bytes all = two_sections(&out);
    unit_cut_everywhere(all, read_all);
    unit_flip_everywhere(all, read_all);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_byte_orders),    cmocka_unit_test(test_old_kinds_of_packets),
        cmocka_unit_test(test_bytes_come_in_parts), cmocka_unit_test(test_damage_is_passed_over),
        cmocka_unit_test(test_strange_resolutions), cmocka_unit_test(test_damage_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
