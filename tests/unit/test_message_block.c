/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a message block was given it gives back. */
#include "tests/unit/message_build.h"

#include <glib.h>

#define KEPT_MAX 4096

/* What went in, with bytes of its own, to be compared with what comes out. */
struct kept {
    uint32_t packet;
    struct message message;
    struct step step;
    bool has_step;
};

static struct kept kept[KEPT_MAX];
static size_t kept_count;

static void forget(void)
{
    for (size_t i = 0; i < kept_count; i++)
        for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
            g_free((void *)kept[i].message.attribute[type].data);
    kept_count = 0;
}

static struct kept *keep(uint32_t packet, const struct message *message, const struct step *step)
{
    assert_true(kept_count < KEPT_MAX);
    struct kept *new = &kept[kept_count++];
    *new = (struct kept){.packet = packet, .has_step = step != NULL};
    if (step)
        new->step = *step;
    new->message.number = message->number;
    new->message.family = message->family;
    new->message.received_us = message->received_us;
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        struct bytes from = message->attribute[type];
        if (message_has(message, type))
            message_set(&new->message, type, (struct bytes){g_memdup2(from.data, from.length), from.length});
    }
    return new;
}

static void assert_message_equal(const struct message *got, const struct message *expected)
{
    assert_int_equal(got->number, expected->number);
    assert_int_equal(got->family, expected->family);
    assert_true(got->received_us == expected->received_us);
    assert_int_equal(got->present, expected->present);
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (message_has(expected, type))
            unit_assert_bytes(got->attribute[type], expected->attribute[type]);
}

static void assert_rule_equal(const struct block_rule *rule, const struct kept *expected)
{
    const struct step *got = &rule->step, *step = &expected->step;
    unit_assert_bytes(rule->prefix, expected->message.attribute[MESSAGE_PREFIX]);
    unit_assert_bytes(got->table, step->table);
    unit_assert_bytes(got->chain, step->chain);
    unit_assert_bytes(got->rule, step->rule);
    unit_assert_bytes(got->target, step->target);
    unit_assert_bytes(got->comment, step->comment);
    unit_assert_bytes(got->context.in, step->context.in);
    unit_assert_bytes(got->context.out, step->context.out);
    unit_assert_bytes(got->context.physin, step->context.physin);
    unit_assert_bytes(got->context.physout, step->context.physout);
    assert_int_equal(got->type, step->type);
    assert_int_equal(got->rulenum, step->rulenum);
    assert_int_equal(got->ruleset, step->ruleset);
    assert_int_equal(got->stale, step->stale);
    assert_false(got->has_time);
    assert_false(got->context.has_hook);
}

/* Reads a block and compares it with the kept messages from `*at` on. */
static void assert_block_holds(const struct wire_writer *block, size_t *at)
{
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, build_body_of(block), unit_pool_allocate, &pool));
    assert_int_equal(reader.capture_id, 0xdeadbeef);
    unit_assert_bytes(reader.netns, BYTES("blue"));
    while (message_block_next_packet(&reader, &packet, NULL)) {
        while (message_block_next(&reader, &message, &rule, NULL)) {
            assert_true(*at < kept_count);
            const struct kept *expected = &kept[(*at)++];
            assert_int_equal(packet, expected->packet);
            assert_message_equal(message, &expected->message);
            assert_int_equal(rule != NULL, expected->has_step);
            if (rule)
                assert_rule_equal(rule, expected);
        }
    }
    assert_false(reader.reader.bad);
    build_pool_done(&pool);
}

/* Writes all that is kept, a block after the other, and reads each back. */
static void assert_round_trip(void)
{
    struct message_block_writer *writer = message_block_writer_new(0xdeadbeef, BYTES("blue"));
    struct wire_writer block = {0};
    size_t read = 0;
    for (size_t i = 0; i < kept_count; i++) {
        const struct step *step = kept[i].has_step ? &kept[i].step : NULL;
        if (i == 0 || kept[i].packet != kept[i - 1].packet)
            message_block_writer_packet(writer, kept[i].packet);
        if (message_block_writer_add(writer, &kept[i].message, step))
            continue;
        block.length = 0;
        message_block_writer_finish(writer, &block);
        assert_true(block.length + 100 <= PCAPNG_BLOCK_MAX);
        assert_block_holds(&block, &read);
        assert_int_equal(message_block_writer_length(writer), 0);
        assert_true(message_block_writer_add(writer, &kept[i].message, step));
    }
    block.length = 0;
    size_t length = message_block_writer_length(writer);
    message_block_writer_finish(writer, &block);
    assert_int_equal(block.length, length);
    if (block.length > 0)
        assert_block_holds(&block, &read);
    assert_int_equal(read, kept_count);
    wire_writer_done(&block);
    message_block_writer_free(writer);
}

static void keep_flood(size_t count)
{
    uint8_t room[512];
    struct message message;
    struct step step;
    for (size_t n = 0; n < count; n++) {
        build_flood(n, room, &message, &step);
        keep((uint32_t)(n / 8 + 1), &message, &step);
    }
}

static void test_flood_comes_back_and_is_small(void **state)
{
    (void)state;
    keep_flood(4000);
    assert_round_trip();

    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    size_t at_start = 0;
    for (size_t i = 0; i < kept_count; i++) {
        message_block_writer_packet(writer, kept[i].packet);
        if (i % 8 != 0)
            continue;
        for (size_t k = i; k < i + 8; k++)
            assert_true(message_block_writer_add(writer, &kept[k].message, &kept[k].step));
        if (i == 0)
            at_start = message_block_writer_length(writer);
    }
    size_t each = (message_block_writer_length(writer) - at_start) * 10 / (kept_count - 8);
    assert_in_range(each, 1, 100); /* tenths of a byte a message */
    message_block_writer_free(writer);
    forget();
}

static struct bytes random_bytes(struct unit_random *random, uint8_t *room, uint32_t max)
{
    uint32_t length = unit_random_below(random, max + 1);
    for (uint32_t i = 0; i < length; i++)
        room[i] = unit_random_below(random, 3) ? 0 : (uint8_t)unit_random(random);
    return (struct bytes){room, length};
}

/* Changes a few attributes of the message, in every way there is. */
static void mutate(struct unit_random *random, struct message *message, uint8_t room[][2048])
{
    for (unsigned k = unit_random_below(random, 6); k > 0; k--) {
        unsigned type = unit_random_below(random, 5) ? 1 + unit_random_below(random, 21)
                                                     : unit_random_below(random, MESSAGE_ATTRIBUTES_MAX);
        uint32_t way = unit_random_below(random, 6);
        struct bytes old = message->attribute[type];
        if (way == 0)
            message_unset(message, type);
        else if (way == 1 && type == MESSAGE_TIMESTAMP)
            message_set(message, type, build_be(room[type], unit_random_below(random, 1000000), 16));
        else if (way <= 2 && (type == MESSAGE_SEQ || type == MESSAGE_SEQ_GLOBAL))
            message_set(message, type, build_be(room[type], unit_random(random) >> 30, 4));
        else if (way == 3 && old.length > 0)
            room[type][unit_random_below(random, (uint32_t)old.length)] ^= 0x55;
        else if (way == 4 && type == MESSAGE_PAYLOAD && message_has(message, type))
            message->attribute[type].length = unit_random_below(random, (uint32_t)old.length + 1);
        else
            message_set(message, type,
                        random_bytes(random, room[type],
                                     type == MESSAGE_PAYLOAD ? 2048 : 1u << unit_random_below(random, 8)));
    }
}

static void test_random_messages_come_back(void **state)
{
    (void)state;
    static uint8_t room[MESSAGE_ATTRIBUTES_MAX][2048];
    static const char *const rules[] = {"-A INPUT -j A", "-A INPUT -j B", "-A INPUT -j C", ""};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct unit_random random = {seed};
        struct message message = {0};
        uint32_t packet = 0;
        memset(room, 0, sizeof room);
        for (unsigned i = 0; i < 300; i++) {
            packet += unit_random_below(&random, 4) == 0 || i == 0;
            message.number += unit_random_below(&random, 3) == 0 ? unit_random(&random) : 1;
            if (unit_random_below(&random, 20) == 0)
                message.family = (uint8_t)unit_random(&random);
            message.received_us = unit_random(&random) % 3 ? 0 : unit_random(&random);
            mutate(&random, &message, room);
            struct step step = build_drop;
            const char *rule = rules[unit_random_below(&random, 4)];
            step.rule = (struct bytes){(const uint8_t *)rule, strlen(rule)};
            step.stale = unit_random_below(&random, 2);
            step.rulenum = unit_random_below(&random, 3);
            bool has_step = unit_random_below(&random, 4) != 0 && message_has(&message, MESSAGE_PREFIX);
            keep(packet, &message, has_step ? &step : NULL);
        }
        assert_round_trip();
        forget();
    }
}

static void test_counters_and_times_at_their_edges(void **state)
{
    (void)state;
    static const uint32_t counters[] = {0, UINT32_MAX, 0, 0, 1, 5, 4, 1u << 31, 0, 1u << 31, (1u << 31) + 1};
    static const uint64_t times[] = {0, 1, 0, 999999, 1000000, UINT32_MAX * 16000000ull, 5, 5, UINT32_MAX};
    uint8_t room[64];
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        struct message message = {.number = UINT64_MAX - 3 + i};
        message_set(&message, MESSAGE_SEQ, build_be(room, counters[i], 4));
        message_set(&message, MESSAGE_SEQ_GLOBAL, build_be(room + 4, counters[i] * 3, i % 4 ? 4 : 3));
        uint64_t us = times[i % (sizeof times / sizeof times[0])];
        build_be(room + 8, us / 1000000, 8);
        build_be(room + 16, i == 6 ? 1000000 : us % 1000000, 8); /* once malformed */
        message_set(&message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 16});
        keep((uint32_t)(1 + i / 3), &message, NULL);
        keep((uint32_t)(1 + i / 3), &(struct message){.number = i}, NULL);
        keep((uint32_t)(1 + i / 3), &message, NULL);
        message_set(&message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 15});
        keep((uint32_t)(1 + i / 3), &message, NULL);
    }
    assert_round_trip();
    forget();
}

static void test_large_payloads_fill_blocks(void **state)
{
    (void)state;
    static uint8_t payload[MESSAGE_PAYLOAD_MAX];
    struct unit_random random = {7};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)unit_random(&random);
    for (unsigned i = 0; i < 600; i++) {
        struct message message = {.number = i + 1, .family = 10};
        payload[i] ^= 1;
        payload[sizeof payload - 1] = (uint8_t)i;
        message_set(&message, MESSAGE_PAYLOAD,
                    (struct bytes){payload, i % 50 == 49 ? i : MESSAGE_PAYLOAD_MAX});
        keep(i / 2 + 1, &message, NULL);
    }
    assert_round_trip();
    forget();
}

static void test_many_rules_fill_blocks(void **state)
{
    (void)state;
    static char texts[KEPT_MAX][24];
    static char prefixes[KEPT_MAX][32];
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        struct step step = build_drop;
        struct message message = {.number = i + 1};
        int length = snprintf(texts[i], sizeof texts[i], "-A INPUT -m mark %u", i);
        step.rule = (struct bytes){(const uint8_t *)texts[i], (size_t)length};
        length = snprintf(prefixes[i], sizeof prefixes[i], "TRACE: filter:INPUT:rule:%u ", i);
        message_set(&message, MESSAGE_PREFIX,
                    (struct bytes){(const uint8_t *)prefixes[i], (size_t)length + 1});
        keep(i / 8 + 1, &message, &step);
    }
    assert_round_trip(); /* 2 strings each: it takes three blocks */
    forget();
}

static void test_texts_are_cut_and_too_long_messages_left_out(void **state)
{
    (void)state;
    static uint8_t text[MESSAGE_LENGTH_MAX];
    memset(text, 'x', sizeof text);
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    struct message message = {.number = 1};
    const struct bytes long_text = {text, sizeof text};
    const struct step step = {.table = long_text,
                              .chain = long_text,
                              .type = STEP_RULE,
                              .rulenum = 3,
                              .rule = long_text,
                              .target = long_text,
                              .comment = long_text,
                              .ruleset = 2};
    message_set(&message, MESSAGE_PREFIX, BYTES("x"));
    message_set(&message, MESSAGE_HWHEADER, (struct bytes){text, 60000});
    message_set(&message, MESSAGE_PAYLOAD, (struct bytes){text, 65535});
    message_block_writer_packet(writer, 1);
    assert_true(message_block_writer_add(writer, &message, &step));
    assert_false(message_block_writer_add(writer, &message, &step));
    message_block_writer_finish(writer, &block);
    assert_in_range(block.length, 1, PCAPNG_BLOCK_MAX - 64);

    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *got;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, build_body_of(&block), unit_pool_allocate, &pool));
    assert_true(message_block_next_packet(&reader, &packet, NULL));
    assert_true(message_block_next(&reader, &got, &rule, NULL));
    assert_message_equal(got, &message);
    assert_int_equal(rule->step.rule.length, STEP_RULE_MAX);
    assert_int_equal(rule->step.comment.length, STEP_NAME_MAX);
    build_pool_done(&pool);

    message_set(&message, MESSAGE_CT, (struct bytes){text, 65535});
    assert_true(message_block_writer_add(writer, &message, &step));
    message.present = 1 << MESSAGE_PAYLOAD;
    message.attribute[MESSAGE_PAYLOAD].length = MESSAGE_PAYLOAD_MAX + 1;
    assert_true(message_block_writer_add(writer, &message, NULL));
    assert_int_equal(message_block_writer_length(writer), 0);
    block.length = 0;
    message_block_writer_finish(writer, &block);
    assert_int_equal(block.length, 0);
    wire_writer_done(&block);
    message_block_writer_free(writer);
}

static void test_packets_may_be_skipped(void **state)
{
    (void)state;
    keep_flood(80);
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    for (size_t i = 0; i < kept_count; i++) {
        if (i % 8 == 0)
            message_block_writer_packet(writer, kept[i].packet);
        assert_true(message_block_writer_add(writer, &kept[i].message, &kept[i].step));
    }
    message_block_writer_finish(writer, &block);
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, build_body_of(&block), unit_pool_allocate, &pool));
    for (unsigned i = 0; i < 10; i++) {
        assert_true(message_block_next_packet(&reader, &packet, NULL));
        for (unsigned k = 0; k < i % 3; k++) {
            assert_true(message_block_next(&reader, &message, &rule, NULL));
            assert_message_equal(message, &kept[i * 8 + k].message);
        }
    }
    assert_false(message_block_next_packet(&reader, &packet, NULL));
    assert_false(reader.reader.bad);
    build_pool_done(&pool);
    wire_writer_done(&block);
    message_block_writer_free(writer);
    forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood_comes_back_and_is_small),
        cmocka_unit_test(test_random_messages_come_back),
        cmocka_unit_test(test_counters_and_times_at_their_edges),
        cmocka_unit_test(test_large_payloads_fill_blocks),
        cmocka_unit_test(test_many_rules_fill_blocks),
        cmocka_unit_test(test_texts_are_cut_and_too_long_messages_left_out),
        cmocka_unit_test(test_packets_may_be_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
