/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/legacy/nflog/loss.h"

static void test_nothing_lost(void **state)
{
    (void)state;
    struct loss loss = {.has_sequence = true};
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(loss_sequence(&loss, i), 0);
    assert_int_equal(loss_drops(&loss, 0), 0);
    assert_int_equal(loss_total(&loss), 0);
}

static void test_a_gap_is_told_in_its_place(void **state)
{
    (void)state;
    struct loss loss = {.has_sequence = true};
    assert_int_equal(loss_sequence(&loss, 2), 2);
    assert_int_equal(loss_sequence(&loss, 3), 0);
    loss_note_drops(&loss, 9);
    assert_int_equal(loss_total(&loss), 9);
    assert_int_equal(loss_sequence(&loss, 11), 7);
    assert_int_equal(loss_drops(&loss, 9), 0);
    assert_int_equal(loss_total(&loss), 9);
}

static void test_the_tail_is_told_once(void **state)
{
    (void)state;
    struct loss loss = {.has_sequence = true};
    assert_int_equal(loss_sequence(&loss, 0), 0);
    assert_int_equal(loss_drops(&loss, 5), 5);
    assert_int_equal(loss_drops(&loss, 5), 0);
    /* Later the gap shows the same five and two more. */
    assert_int_equal(loss_sequence(&loss, 8), 2);
    assert_int_equal(loss_drops(&loss, 7), 0);
    assert_int_equal(loss_total(&loss), 7);
}

static void test_each_counter_alone(void **state)
{
    (void)state;
    struct loss only_sequence = {0};
    assert_int_equal(loss_sequence(&only_sequence, 100), 0);
    assert_int_equal(loss_sequence(&only_sequence, 103), 2);
    assert_int_equal(loss_total(&only_sequence), 2);
    struct loss only_drops = {.last_drops = 40};
    assert_int_equal(loss_drops(&only_drops, 44), 4);
    assert_int_equal(loss_total(&only_drops), 4);
}

static void test_counters_wrap(void **state)
{
    (void)state;
    struct loss loss = {.last_drops = UINT32_MAX - 1};
    assert_int_equal(loss_sequence(&loss, UINT32_MAX - 1), 0);
    assert_int_equal(loss_sequence(&loss, 2), 3);
    assert_int_equal(loss_drops(&loss, 1), 0);
    assert_int_equal(loss_total(&loss), 3);
}

static void test_a_counter_that_began_anew_is_no_loss(void **state)
{
    (void)state;
    struct loss loss = {0};
    loss_sequence(&loss, 5000);
    assert_int_equal(loss_sequence(&loss, 3), 0);
    assert_int_equal(loss_sequence(&loss, 5), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_lost),
        cmocka_unit_test(test_a_gap_is_told_in_its_place),
        cmocka_unit_test(test_the_tail_is_told_once),
        cmocka_unit_test(test_each_counter_alone),
        cmocka_unit_test(test_counters_wrap),
        cmocka_unit_test(test_a_counter_that_began_anew_is_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
