/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "recorder/legacy/replay/message_order.h"

static void add(struct message_order *order, uint64_t number, struct step_copy *step)
{
    char text[32];
    struct message message = {.received_us = number * 10, .number = number, .family = 2};
    int length = snprintf(text, sizeof text, "payload %u", (unsigned)number);
    message_set(&message, MESSAGE_PREFIX, BYTES("prefix\0"));
    message_set(&message, MESSAGE_PAYLOAD, (struct bytes){(uint8_t *)text, (size_t)length});
    message_set(&message, MESSAGE_L2HDR, (struct bytes){0});
    message_order_add(order, &message, step);
}

static void expect(struct message_order *order, bool force, uint64_t number, uint64_t missing)
{
    struct ordered_message next;
    char text[32];
    assert_true(message_order_next(order, force, &next));
    assert_int_equal(next.message.number, number);
    assert_int_equal(next.missing, missing);
    assert_int_equal(next.message.received_us, number * 10);
    assert_int_equal(next.message.family, 2);
    snprintf(text, sizeof text, "payload %u", (unsigned)number);
    unit_assert_bytes(next.message.attribute[MESSAGE_PAYLOAD], (struct bytes){(uint8_t *)text, strlen(text)});
    unit_assert_bytes(next.message.attribute[MESSAGE_PREFIX], BYTES("prefix\0"));
    assert_true(message_has(&next.message, MESSAGE_L2HDR));
    assert_false(message_has(&next.message, MESSAGE_IN));
}

static void expect_none(struct message_order *order, bool force)
{
    struct ordered_message next;
    assert_false(message_order_next(order, force, &next));
}

static void test_two_packets_mixed(void **state)
{
    (void)state;
    struct message_order *order = message_order_new();
    assert_true(message_order_pass(order, 1));
    assert_false(message_order_pass(order, 3));
    add(order, 3, NULL);
    add(order, 5, NULL);
    expect_none(order, false);
    assert_true(message_order_pass(order, 2));
    expect(order, false, 3, 0);
    expect_none(order, false);
    add(order, 4, NULL);
    expect(order, false, 4, 0);
    expect(order, false, 5, 0);
    expect_none(order, true);
    assert_int_equal(message_order_bytes(order), 0);
    message_order_free(order);
}

static void test_any_order(void **state)
{
    (void)state;
    enum { COUNT = 2000 };
    static uint64_t numbers[COUNT];
    struct unit_random random = {42};
    struct message_order *order = message_order_new();
    for (unsigned i = 0; i < COUNT; i++)
        numbers[i] = i + 1;
    for (unsigned i = COUNT - 1; i > 0; i--) {
        unsigned k = unit_random_below(&random, i + 1);
        uint64_t kept = numbers[i];
        numbers[i] = numbers[k];
        numbers[k] = kept;
    }
    uint64_t next = 1;
    struct ordered_message ordered;
    for (unsigned i = 0; i < COUNT; i++) {
        add(order, numbers[i], NULL);
        while (message_order_next(order, false, &ordered))
            assert_int_equal(ordered.message.number, next++);
    }
    assert_int_equal(next, COUNT + 1);
    message_order_free(order);
}

static void test_gaps_and_repetitions(void **state)
{
    (void)state;
    struct message_order *order = message_order_new();
    /* The beginning was cut off: nothing that is missing. */
    add(order, 100, NULL);
    add(order, 101, NULL);
    add(order, 101, NULL);
    add(order, 110, NULL);
    assert_int_equal(message_order_count(order), 4);
    expect_none(order, false);
    expect(order, true, 100, 0);
    expect(order, false, 101, 0);
    expect_none(order, false);
    add(order, 50, NULL);
    expect_none(order, false);
    expect(order, true, 110, 8);
    add(order, 105, NULL);
    expect_none(order, true);
    message_order_free(order);
}

static void test_steps_are_shared_and_released(void **state)
{
    (void)state;
    struct message_order *order = message_order_new();
    struct step step = {
        .table = BYTES("filter"),
        .rule = BYTES("-A INPUT -j DROP"),
        .rulenum = 3,
        .context = {.in = BYTES("eth0"), .has_mark = true}
    };
    struct step_copy *copy = step_copy_new(&step);
    unit_assert_bytes(copy->step.rule, BYTES("-A INPUT -j DROP"));
    unit_assert_bytes(copy->step.context.in, BYTES("eth0"));
    assert_true(copy->step.rule.data != step.rule.data);
    assert_int_equal(copy->step.rulenum, 3);
    assert_false(copy->step.context.has_mark);
    add(order, 2, copy);
    add(order, 3, copy);
    assert_int_equal(copy->references, 3);
    assert_true(message_order_bytes(order) > 2 * copy->size);
    expect(order, true, 2, 0);
    expect(order, false, 3, 0);
    expect_none(order, false);
    assert_int_equal(copy->references, 1);
    add(order, 9, copy);
    message_order_free(order);
    assert_int_equal(copy->references, 1);
    step_copy_unref(copy);
    step_copy_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_packets_mixed),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_gaps_and_repetitions),
        cmocka_unit_test(test_steps_are_shared_and_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
