/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What is missing of our own rules, and what is due, with the time as an argument. */
#include "recorder/legacy/kernel/upkeep_state.h"

#include <errno.h>
#include <glib.h>

#include "recorder/legacy/agent/logger.h"
#include "tests/unit/unit.h"

#define NOW      1700000000
#define SECOND   1000000000ull
#define TOO_LATE (NOW + UPKEEP_LIFE_S)

static struct upkeep begin(void)
{
    return (struct upkeep){
        .installed = 2,
        .dated = true,
        .date_stop = NOW + UPKEEP_LIFE_S,
        .life_s = upkeep_life_s(false),
        .is_whole = true,
    };
}

static struct ruleset_look look_of(const char *logger, uint32_t rules, bool behind)
{
    struct ruleset_look look = {.rules = rules, .behind = behind};
    g_strlcpy(look.logger, logger, sizeof look.logger);
    return look;
}

static enum upkeep_finding take(struct upkeep *upkeep, struct ruleset_look look, bool lost)
{
    bool has_lost = !lost;
    enum upkeep_finding finding = upkeep_take_look(upkeep, &look, &has_lost);
    assert_int_equal(has_lost, lost);
    return finding;
}

static void test_a_look_at_a_time(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    assert_int_equal(upkeep_wish(&upkeep, NOW), UPKEEP_WANTS_LOOK);
    upkeep_asked_look(&upkeep);
    assert_int_equal(upkeep_wish(&upkeep, NOW), UPKEEP_WANTS_NOTHING);
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, false), false), UPKEEP_FINDS_NOTHING);
    assert_int_equal(upkeep_wish(&upkeep, NOW), UPKEEP_WANTS_LOOK);
    upkeep_asked_look(&upkeep);
    upkeep_fail_look(&upkeep);
    assert_int_equal(upkeep_wish(&upkeep, NOW), UPKEEP_WANTS_LOOK);
}

static void test_what_is_missing(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    assert_int_equal(take(&upkeep, look_of("nf_log_syslog", 2, false), true), UPKEEP_FINDS_LOGGER);
    /* It is said once that packets were lost, until all is there again. */
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 1, false), false), UPKEEP_FINDS_REMOVED);
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, false), false), UPKEEP_FINDS_NOTHING);
    assert_int_equal(take(&upkeep, look_of("", 0, false), true), UPKEEP_FINDS_REMOVED); /* logger unknown */
    upkeep.installed = 0; /* nothing was installed: --no-install */
    assert_int_equal(take(&upkeep, look_of("", 0, false), false), UPKEEP_FINDS_NOTHING);
}

static void test_another_rule_before_ours_is_said_once(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, true), false), UPKEEP_FINDS_MOVED);
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, true), false), UPKEEP_FINDS_NOTHING);
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, false), false), UPKEEP_FINDS_NOTHING);
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 2, true), false), UPKEEP_FINDS_MOVED);
    upkeep = begin();
    upkeep.installed = 0;
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 0, true), false), UPKEEP_FINDS_NOTHING);
}

static void test_half_of_the_life_is_over(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    assert_int_equal(upkeep_wish(&upkeep, NOW + UPKEEP_LIFE_S / 2 - 1), UPKEEP_WANTS_LOOK);
    assert_int_equal(upkeep_wish(&upkeep, NOW + UPKEEP_LIFE_S / 2), UPKEEP_WANTS_RENEWAL);
    assert_false(upkeep_has_expired(&upkeep, TOO_LATE - 1));
    assert_true(upkeep_has_expired(&upkeep, TOO_LATE));
    upkeep_asked_renewal(&upkeep, NOW + 400);
    assert_int_equal(upkeep.date_stop, NOW + 400 + UPKEEP_LIFE_S);
    assert_int_equal(upkeep_wish(&upkeep, TOO_LATE), UPKEEP_WANTS_NOTHING);
    /* What was seen meanwhile is of before or after it. */
    assert_int_equal(take(&upkeep, look_of(LOGGER_NFLOG, 0, false), false), UPKEEP_FINDS_NOTHING);
    upkeep_take_renewal(&upkeep, 0, NOW + 401);
    assert_int_equal(upkeep.date_stop, NOW + 400 + UPKEEP_LIFE_S);
    assert_int_equal(upkeep_wish(&upkeep, NOW + 401), UPKEEP_WANTS_LOOK);
}

static void test_the_clock_is_set_back(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    assert_int_equal(upkeep_wish(&upkeep, NOW - 1), UPKEEP_WANTS_LOOK);
    assert_int_equal(upkeep_wish(&upkeep, NOW - 2), UPKEEP_WANTS_RENEWAL);
}

static void test_a_kernel_that_knows_no_date(void **state)
{
    (void)state;
    const struct error no_time = {.text = "the kernel knows no match time"},
                       no_bpf = {.text = "the kernel knows no match bpf"};
    struct upkeep upkeep = {.life_s = upkeep_life_s(true)};
    assert_int_equal(upkeep_begin(&upkeep, true, NOW), NOW + UPKEEP_LIFE_SHARED_S);
    assert_int_equal(upkeep.date_stop, NOW + UPKEEP_LIFE_SHARED_S);
    assert_false(upkeep_lacks_date(0, &no_time));
    assert_false(upkeep_lacks_date(-EPROTONOSUPPORT, &no_bpf));
    assert_false(upkeep_lacks_date(-EBUSY, &no_time));
    assert_true(upkeep_lacks_date(-EPROTONOSUPPORT, &no_time));
    assert_int_equal(upkeep_begin(&upkeep, false, NOW), 0);
    assert_false(upkeep.dated || upkeep.date_stop);
}

static void test_rules_without_a_date(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    upkeep.dated = false;
    assert_int_equal(upkeep_wish(&upkeep, TOO_LATE), UPKEEP_WANTS_LOOK);
    assert_false(upkeep_has_expired(&upkeep, TOO_LATE));
    assert_int_equal(upkeep_date(&upkeep, NOW), 0);
    upkeep_asked_repair(&upkeep);
    upkeep_take_repair(&upkeep, 0, 4, NOW);
    assert_int_equal(upkeep.date_stop, NOW + UPKEEP_LIFE_S); /* as it was */
    assert_int_equal(upkeep.installed, 4);
    assert_true(upkeep_life_s(true) > upkeep_life_s(false));
}

static void test_a_renewal_that_fails_is_tried_again(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    upkeep_asked_renewal(&upkeep, NOW + 300);
    upkeep_take_renewal(&upkeep, -EBUSY, NOW + 300);
    assert_int_equal(upkeep_wish(&upkeep, NOW + 301), UPKEEP_WANTS_LOOK);
    assert_int_equal(upkeep_wish(&upkeep, NOW + 310), UPKEEP_WANTS_RENEWAL);
}

static void test_a_repair(void **state)
{
    (void)state;
    struct upkeep upkeep = begin();
    upkeep_asked_repair(&upkeep);
    assert_int_equal(upkeep_wish(&upkeep, TOO_LATE), UPKEEP_WANTS_NOTHING);
    upkeep_take_repair(&upkeep, -EBUSY, 0, NOW + 5);
    assert_int_equal(upkeep.date_stop, NOW + UPKEEP_LIFE_S);
    assert_int_equal(upkeep_wish(&upkeep, NOW + 5), UPKEEP_WANTS_LOOK);
    upkeep_asked_repair(&upkeep);
    upkeep_take_repair(&upkeep, 0, 0, NOW + 7);
    assert_int_equal(upkeep.date_stop, NOW + 7 + UPKEEP_LIFE_S);
    assert_int_equal(upkeep.installed, 2);
}

static void test_too_many_repairs(void **state)
{
    (void)state;
    struct upkeep_repairs repairs = {0};
    for (unsigned i = 0; i < UPKEEP_REPAIRS_MINUTE; i++)
        assert_true(upkeep_may_repair(&repairs, (struct monotonic){(100 + i) * SECOND}));
    assert_false(upkeep_may_repair(&repairs, (struct monotonic){160 * SECOND}));
    assert_true(upkeep_may_repair(&repairs, (struct monotonic){160 * SECOND + 1}));
    assert_int_equal(repairs.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_look_at_a_time),
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_another_rule_before_ours_is_said_once),
        cmocka_unit_test(test_half_of_the_life_is_over),
        cmocka_unit_test(test_the_clock_is_set_back),
        cmocka_unit_test(test_a_kernel_that_knows_no_date),
        cmocka_unit_test(test_rules_without_a_date),
        cmocka_unit_test(test_a_renewal_that_fails_is_tried_again),
        cmocka_unit_test(test_a_repair),
        cmocka_unit_test(test_too_many_repairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
