/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

static const uint64_t numbers[] = {0,          1,         127,        128,        255,
                                   300,        16383,     16384,      UINT16_MAX, UINT32_MAX,
                                   1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};
#define NUMBER_COUNT (sizeof numbers / sizeof numbers[0])

static void test_examples_of_the_specification(void **state)
{
    (void)state;
    /* protobuf.dev, "Encoding": test1 { a = 150 }, test2 { b = "testing" }. */
    struct wire_writer writer = {0};
    wire_write_uint(&writer, 1, 150);
    wire_write_bytes(&writer, 2, BYTES("testing"));
    unit_assert_bytes(unit_written(&writer), BYTES("\x08\x96\x01\x12\x07testing"));
    writer.length = 0;
    wire_write_sint(&writer, 1, -1);
    wire_write_sint(&writer, 1, 1);
    wire_write_sint(&writer, 1, -2);
    unit_assert_bytes(unit_written(&writer), BYTES("\x08\x01\x08\x02\x08\x03"));
    writer.length = 0;
    wire_write_fixed32(&writer, 3, 0x04030201);
    wire_write_fixed64(&writer, 16, 0x0807060504030201);
    unit_assert_bytes(unit_written(&writer), BYTES("\x1d\1\2\3\4\x81\x01\1\2\3\4\5\6\7\x08"));
    wire_writer_done(&writer);
}

static void test_every_type_comes_back(void **state)
{
    (void)state;
    struct wire_writer writer = {0};
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        wire_write_uint(&writer, 1, numbers[i]);
        wire_write_sint(&writer, 2, (int64_t)numbers[i]);
        wire_write_fixed32(&writer, 3, (uint32_t)numbers[i]);
        wire_write_fixed64(&writer, 0x1fffffff, numbers[i]);
        wire_write_bytes(&writer, 5, (struct bytes){(const uint8_t *)numbers, i});
    }
    struct wire_reader reader = wire_reader_of(unit_written(&writer));
    struct wire_field field;
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(field.number, 1);
        assert_int_equal(wire_read_uint(&reader, &field), numbers[i]);
        assert_ptr_equal(field.bytes.data + field.bytes.length,
                         reader.at); /* where the value stands, for the tree */
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(wire_read_sint(&reader, &field), (int64_t)numbers[i]);
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(field.type, WIRE_FIXED32);
        assert_int_equal(wire_read_uint(&reader, &field), (uint32_t)numbers[i]);
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(field.number, 0x1fffffff);
        assert_int_equal(wire_read_uint(&reader, &field), numbers[i]);
        assert_true(wire_read_field(&reader, &field));
        unit_assert_bytes(wire_read_bytes(&reader, &field), (struct bytes){(const uint8_t *)numbers, i});
    }
    assert_false(wire_read_field(&reader, &field));
    assert_false(reader.bad);
    wire_writer_done(&writer);
}

static void test_nested_of_any_length(void **state)
{
    (void)state;
    static const uint8_t content[20000];
    static const size_t lengths[] = {0, 1, 120, 127, 128, 129, 16383, 16384, 20000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct wire_writer writer = {0};
        size_t outer = wire_write_begin(&writer, 1);
        size_t inner = wire_write_begin(&writer, 2);
        wire_write_raw(&writer, content, lengths[i]);
        wire_write_end(&writer, inner);
        wire_write_uint(&writer, 3, 7);
        wire_write_end(&writer, outer);

        struct wire_reader reader = wire_reader_of(unit_written(&writer));
        struct wire_field field;
        assert_true(wire_read_field(&reader, &field));
        assert_ptr_equal(reader.at, reader.end);
        reader = wire_reader_of(wire_read_bytes(&reader, &field));
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(wire_read_bytes(&reader, &field).length, lengths[i]);
        assert_true(wire_read_field(&reader, &field));
        assert_int_equal(wire_read_uint(&reader, &field), 7);
        wire_writer_done(&writer);
    }
}

static bool is_damage(struct bytes bytes)
{
    uint8_t *copy = unit_copy(bytes);
    struct wire_reader reader = wire_reader_of((struct bytes){copy, bytes.length});
    struct wire_field field;
    while (wire_read_field(&reader, &field))
        ;
    /* Sticky: nothing more is read. */
    assert_false(wire_read_field(&reader, &field));
    free(copy);
    return reader.bad;
}

static void test_damage(void **state)
{
    (void)state;
    assert_false(is_damage((struct bytes){0}));
    assert_true(is_damage(BYTES("\x08")));                                         /* no value */
    assert_true(is_damage(BYTES("\x08\x80")));                                     /* varint cut */
    assert_true(is_damage(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"))); /* 65 bits */
    assert_true(is_damage(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00")));
    assert_false(is_damage(BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")));
    assert_false(is_damage(BYTES("\x08\x80\x00"))); /* longer than need be, but a number */
    assert_true(is_damage(BYTES("\x0d\1\2\3")));
    assert_true(is_damage(BYTES("\x09\1\2\3\4\5\6\7")));
    assert_true(is_damage(BYTES("\x0a\x05"
                                "abcd")));
    assert_true(is_damage(BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")));
    for (unsigned type = 0; type < 8; type++) {
        const uint8_t reserved[] = {(uint8_t)(1 << 3 | type), 0, 0, 0, 0, 0, 0, 0, 0};
        if (type == 3 || type == 4 || type == 6 || type == 7)
            assert_true(is_damage((struct bytes){reserved, 1}));
    }
    assert_true(is_damage(BYTES("\x00\x00")));                 /* field number 0 */
    assert_true(is_damage(BYTES("\x80\x80\x80\x80\x10\x00"))); /* field number above 2^29 - 1 */
}

static void test_a_value_of_another_type_is_damage(void **state)
{
    (void)state;
    struct wire_field field;
    struct wire_reader reader = wire_reader_of(BYTES("\x0a\x01x\x10\x05"));
    assert_true(wire_read_field(&reader, &field));
    assert_int_equal(wire_read_uint(&reader, &field), 0);
    assert_true(reader.bad);
    reader = wire_reader_of(BYTES("\x10\x05"));
    assert_true(wire_read_field(&reader, &field));
    assert_int_equal(wire_read_bytes(&reader, &field).length, 0);
    assert_true(reader.bad);
}

static void read_all(struct bytes bytes)
{
    is_damage(bytes);
}

static void test_noise(void **state)
{
    (void)state;
    struct unit_random random = {20};
    uint8_t noise[64];
    for (unsigned round = 0; round < 20000; round++) {
        size_t length = unit_random_below(&random, sizeof noise);
        for (size_t i = 0; i < length; i++)
            noise[i] = (uint8_t)unit_random(&random);
        read_all((struct bytes){noise, length});
    }
}

static void test_bytes_equal(void **state)
{
    (void)state;
    assert_true(bytes_equal((struct bytes){0}, BYTES("")));
    assert_true(bytes_equal(BYTES("ab"), BYTES("ab")));
    assert_false(bytes_equal(BYTES("ab"), BYTES("ac")));
    assert_false(bytes_equal(BYTES("ab"), BYTES("abc")));
    unit_assert_bytes(bytes_cut(BYTES("abc"), 2), BYTES("ab"));
    unit_assert_bytes(bytes_cut(BYTES("abc"), 3), BYTES("abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_specification),
        cmocka_unit_test(test_every_type_comes_back),
        cmocka_unit_test(test_nested_of_any_length),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_a_value_of_another_type_is_damage),
        cmocka_unit_test(test_noise),
        cmocka_unit_test(test_bytes_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
