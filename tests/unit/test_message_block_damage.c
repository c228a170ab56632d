/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a reader of message blocks makes of damage, of what is new to it, and of what was made to do harm. */
#include "tests/unit/message_build.h"

static bool is_sound;
static size_t messages_read;

/* Reads all there is, and every byte of it. */
static void read_all(struct bytes body)
{
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    volatile uint8_t sum = 0; /* read, so that a sanitizer sees what is behind the end */
    messages_read = 0;
    if (message_block_begin(&reader, body, unit_pool_allocate, &pool))
        while (message_block_next_packet(&reader, &packet, NULL))
            while (message_block_next(&reader, &message, &rule, NULL)) {
                messages_read++;
                for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
                    for (size_t i = 0; i < message->attribute[type].length; i += 1 + i / 64)
                        sum += message->attribute[type].data[i];
                if (rule && rule->step.rule.length > 0)
                    sum += rule->step.rule.data[rule->step.rule.length - 1];
            }
    is_sound = !reader.reader.bad;
    build_pool_done(&pool);
    (void)sum;
}

static void test_damage_is_survived(void **state)
{
    (void)state;
    uint8_t room[512];
    struct message message;
    struct step step;
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    for (uint32_t n = 0; n < 40; n++) {
        build_flood(n, room, &message, &step);
        if (n % 8 == 0)
            message_block_writer_packet(writer, n / 8 + 1);
        assert_true(message_block_writer_add(writer, &message, &step));
    }
    message_block_writer_finish(writer, &block);
    read_all(build_body_of(&block));
    assert_true(is_sound);
    assert_int_equal(messages_read, 40);
    unit_cut_everywhere(build_body_of(&block), read_all);
    unit_flip_everywhere(build_body_of(&block), read_all);
    wire_writer_done(&block);
    message_block_writer_free(writer);
}

/* A block of hand-made fields: what is not made by our writer. */
static size_t begin_one_message(struct wire_writer *out, size_t *ret_packet)
{
    *ret_packet = wire_write_begin(out, 5);
    wire_write_uint(out, 1, 1);
    return wire_write_begin(out, 2);
}

static bool one_message_is_sound(struct bytes fields)
{
    struct wire_writer out = {0};
    size_t packet, message = begin_one_message(&out, &packet);
    wire_write_raw(&out, fields.data, fields.length);
    wire_write_end(&out, message);
    wire_write_end(&out, packet);
    read_all(unit_written(&out));
    wire_writer_done(&out);
    return is_sound;
}

static void test_what_is_damage_and_what_is_skipped(void **state)
{
    (void)state;
    assert_true(one_message_is_sound(BYTES("")));
    assert_true(one_message_is_sound(BYTES("\x7a\x03"
                                           "abc"
                                           "\x78\x05")));                    /* fields 15: unknown */
    assert_true(one_message_is_sound(BYTES("\x22\x01\x63")));                /* attribute 99: unknown */
    assert_true(one_message_is_sound(BYTES("\x18\x63")));                    /* likewise absent */
    assert_true(one_message_is_sound(BYTES("\x48\x00")));                    /* rule 0: none */
    assert_true(one_message_is_sound(BYTES("\x38\x04\x42\x04\x01\x02xy")));  /* 4 bytes: 0 x y 0 */
    assert_true(one_message_is_sound(BYTES("\x28\x01\x30\x02")));            /* counters out of nothing */
    assert_false(one_message_is_sound(BYTES("\x22\x00")));                   /* attribute without type */
    assert_false(one_message_is_sound(BYTES("\x48\x01")));                   /* a rule that is not there */
    assert_false(one_message_is_sound(BYTES("\x38\x80\x80\x04")));           /* payload of 65536 bytes */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x04\x01\x02xy"))); /* patch beyond the payload */
    assert_false(one_message_is_sound(BYTES("\x38\x04\x42\x03\x00\x02x")));  /* patch cut */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x03\x03\x01x")));  /* a skip beyond it */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x05\x80\x80\x7f\x01x")));
    assert_false(one_message_is_sound(BYTES("\x42\x02\x00\x80")));
    assert_false(one_message_is_sound(BYTES("\x10\x01"))); /* a time before 1970 */
    assert_false(one_message_is_sound(BYTES("\x0a\x00"))); /* a type that is wrong */
}

static void test_later_fields_of_block_and_packet_are_skipped(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    wire_write_bytes(&out, 77, BYTES("later"));
    wire_write_fixed32(&out, 1, 5);
    wire_write_bytes(&out, 3, BYTES("P"));
    size_t rule = wire_write_begin(&out, 4);
    wire_write_bytes(&out, 99, BYTES("later"));
    wire_write_uint(&out, 1, STRINGS_OWN_FIRST);
    wire_write_end(&out, rule);
    size_t packet = wire_write_begin(&out, 5);
    wire_write_uint(&out, 1, 9);
    wire_write_fixed64(&out, 50, 1);
    wire_write_bytes(&out, 2, BYTES("\x48\x01"));
    wire_write_fixed64(&out, 50, 1);
    wire_write_end(&out, packet);
    wire_write_bytes(&out, 77, BYTES("later"));
    wire_write_bytes(&out, 3, BYTES("too late to be a string"));

    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *found;
    uint32_t number;
    assert_true(message_block_begin(&reader, unit_written(&out), unit_pool_allocate, &pool));
    assert_int_equal(reader.capture_id, 5);
    assert_true(message_block_next_packet(&reader, &number, NULL));
    assert_int_equal(number, 9);
    assert_true(message_block_next(&reader, &message, &found, NULL));
    unit_assert_bytes(found->prefix, BYTES("P"));
    unit_assert_bytes(message->attribute[MESSAGE_PREFIX], BYTES("P"));
    assert_false(message_block_next(&reader, &message, &found, NULL));
    assert_false(message_block_next_packet(&reader, &number, NULL));
    assert_false(reader.reader.bad);
    build_pool_done(&pool);
    wire_writer_done(&out);
}

static void test_malicious_blocks_cost_little(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    /* Too many strings, too many rules. */
    for (unsigned i = 0; i <= MESSAGE_BLOCK_STRINGS_MAX; i++)
        wire_write_bytes(&out, 3, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);
    out.length = 0;
    for (unsigned i = 0; i <= MESSAGE_BLOCK_RULES_MAX; i++)
        wire_write_bytes(&out, 4, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);

    /* Two bytes a message. */
    out.length = 0;
    size_t packet = wire_write_begin(&out, 5);
    while (out.length < PCAPNG_BLOCK_MAX)
        wire_write_bytes(&out, 2, BYTES(""));
    wire_write_end(&out, packet);
    read_all(unit_written(&out));
    assert_true(is_sound);

    /* 64 KiB to copy for every few bytes: refused at the bound. */
    out.length = 0;
    while (out.length < PCAPNG_BLOCK_MAX) {
        packet = wire_write_begin(&out, 5);
        wire_write_bytes(&out, 2, BYTES("\x38\xff\xff\x03"));
        wire_write_bytes(&out, 2, BYTES("\x42\x03\x00\x01x"));
        wire_write_end(&out, packet);
    }
    read_all(unit_written(&out));
    assert_false(is_sound);
    assert_int_equal(messages_read, MESSAGE_BLOCK_PATCHED_MAX / MESSAGE_PAYLOAD_MAX);
    wire_writer_done(&out);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    read_all((struct bytes){0});
    assert_true(is_sound);
    assert_int_equal(messages_read, 0);
    message_block_writer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_what_is_damage_and_what_is_skipped),
        cmocka_unit_test(test_later_fields_of_block_and_packet_are_skipped),
        cmocka_unit_test(test_malicious_blocks_cost_little),
        cmocka_unit_test(test_nothing_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
