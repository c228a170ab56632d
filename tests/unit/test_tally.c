/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/output/tally.h"

static void add(struct tally *tally, unsigned verdict, uint32_t messages, bool flags, uint64_t end)
{
    const struct finished_path path = {
        .head = {.verdict = verdict, .incomplete = flags, .ambiguous = flags},
        .messages = messages,
    };
    tally_add(tally, &path, end);
}

static void assert_tally(const struct tally *tally, uint64_t packets, uint64_t messages, uint64_t flagged,
                         uint64_t dropped)
{
    assert_int_equal(tally->packets, packets);
    assert_int_equal(tally->messages, messages);
    assert_int_equal(tally->incomplete, flagged);
    assert_int_equal(tally->ambiguous, flagged);
    assert_int_equal(tally->verdicts[VERDICT_DROP], dropped);
}

/* A packet counts if all of its block is in the file. */
static void test_what_did_not_get_into_the_file(void **state)
{
    (void)state;
    struct tally tally;
    tally_init(&tally);
    add(&tally, VERDICT_ACCEPT, 4, false, 100);
    add(&tally, VERDICT_DROP, 5, false, 200);
    add(&tally, VERDICT_DROP, 6, true, 300);
    assert_tally(&tally, 3, 15, 1, 2);
    tally_settle(&tally, 99);
    tally_settle(&tally, 200);
    tally_forget_unsettled(&tally);
    assert_tally(&tally, 2, 9, 0, 1);
    tally_forget_unsettled(&tally); /* once */
    assert_tally(&tally, 2, 9, 0, 1);
    tally_done(&tally);
}

static void test_without_a_file_all_count(void **state)
{
    (void)state;
    struct tally tally;
    tally_init(&tally);
    add(&tally, VERDICT_DROP, 4, true, TALLY_WRITTEN);
    tally_forget_unsettled(&tally);
    assert_tally(&tally, 1, 4, 1, 1);
    tally_done(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_did_not_get_into_the_file),
        cmocka_unit_test(test_without_a_file_all_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
