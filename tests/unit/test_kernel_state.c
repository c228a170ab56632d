/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* In which order the kernel is changed and put back, whoever dies meanwhile. */
#include "recorder/legacy/kernel/kernel_state.h"

#include <errno.h>

#include "tests/unit/unit.h"

#define MS 1000000ull

static const unsigned versions[] = {4, 6};
static const char *const names[] = {
    [KERNEL_LEFTOVERS] = "leftovers", [KERNEL_READ] = "read",
    [KERNEL_LIMIT] = "limit",         [KERNEL_ARM] = "arm",
    [KERNEL_LOGGER] = "logger",       [KERNEL_RULES] = "rules",
    [KERNEL_TABLES] = "tables",       [KERNEL_BIND] = "bind",
    [KERNEL_RUNNING] = "running",     [KERNEL_REMOVE] = "remove",
    [KERNEL_STOPPED] = "stopped",     [KERNEL_CLOSE] = "close",
    [KERNEL_GUARD] = "guard",         [KERNEL_ENTER] = "enter",
    [KERNEL_UNDO] = "undo",           [KERNEL_FORGET] = "forget",
    [KERNEL_LEAVE] = "leave",         [KERNEL_CLOSED] = "closed",
};

static bool is_of_family(enum kernel_step step)
{
    return step == KERNEL_READ || (step >= KERNEL_LOGGER && step <= KERNEL_BIND) || step == KERNEL_REMOVE ||
           step == KERNEL_CLOSE || step == KERNEL_UNDO;
}

/* What fails: results[step], for family `family` or, where that is 2, for all. */
struct failures {
    int result[KERNEL_CLOSED + 1];
    size_t family;
};

static int result_of(const struct failures *failures, const struct kernel_state *state)
{
    bool is_it = failures->family == 2 || !is_of_family(state->step) || failures->family == state->family;
    return is_it ? failures->result[state->step] : 0;
}

/* The steps that are done until `last`, in words. */
static void assert_steps(struct kernel_state *state, enum kernel_step last, const struct failures *failures,
                         const char *expected)
{
    char done[512] = "";
    int result = 0;
    for (unsigned i = 0; i < 40 && state->step != last && (result == 0 || last > KERNEL_RUNNING); i++) {
        size_t length = strlen(done);
        const char *blank = length > 0 ? " " : "", *name = names[state->step];
        if (is_of_family(state->step))
            snprintf(done + length, sizeof done - length, "%s%s%u", blank, name,
                     state->families[state->family].version);
        else
            snprintf(done + length, sizeof done - length, "%s%s", blank, name);
        result = result_of(failures, state);
        kernel_state_take(state, result);
    }
    assert_string_equal(done, expected);
}

static const struct failures nothing_fails;

static struct kernel_state running(bool installs)
{
    struct kernel_state state;
    kernel_state_init(&state, versions, 2, installs);
    while (state.step != KERNEL_RUNNING)
        kernel_state_take(&state, 0);
    return state;
}

static void assert_left(const struct kernel_state *state, const char *netns, const char *expected)
{
    struct error left = {.text = "before"};
    kernel_state_tell_left(state, netns, &left);
    assert_string_equal(left.text, expected);
}

static void test_a_recording(void **state)
{
    (void)state;
    struct kernel_state order;
    kernel_state_init(&order, versions, 2, true);
    assert_false(order.families[0].logger || order.families[0].rules);
    assert_steps(&order, KERNEL_RUNNING, &nothing_fails,
                 "leftovers read4 read6 limit arm logger4 rules4 tables4 logger6 rules6 tables6 bind4 bind6");
    assert_true(order.families[0].logger && order.families[0].rules && order.families[1].rules);
    kernel_state_stop(&order);
    assert_steps(&order, KERNEL_STOPPED, &nothing_fails, "remove4 remove6");
    assert_true(order.families[0].logger && !order.families[0].rules);
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &nothing_fails, "close4 close6 guard");
    assert_false(order.families[0].logger || order.families[1].logger);
    assert_int_equal(order.result, 0);
    assert_left(&order, "", "");
}

static void test_one_family(void **state)
{
    (void)state;
    struct kernel_state order;
    kernel_state_init(&order, versions + 1, 1, true);
    assert_steps(&order, KERNEL_RUNNING, &nothing_fails,
                 "leftovers read6 limit arm logger6 rules6 tables6 bind6");
    kernel_state_stop(&order);
    assert_steps(&order, KERNEL_STOPPED, &nothing_fails, "remove6");
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &nothing_fails, "close6 guard");
}

static void test_without_own_rules(void **state)
{
    (void)state;
    struct kernel_state order;
    kernel_state_init(&order, versions, 2, false);
    assert_steps(&order, KERNEL_RUNNING, &nothing_fails,
                 "leftovers read4 read6 limit arm logger4 tables4 logger6 tables6 bind4 bind6");
    assert_true(order.families[0].logger && !order.families[0].rules);
    kernel_state_stop(&order);
    assert_int_equal(order.step, KERNEL_STOPPED);
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &nothing_fails, "close4 close6 guard");
}

/* Wherever the start fails everything is closed, and only what may have been changed is there to be left. */
static void test_a_start_that_fails(void **state)
{
    (void)state;
    for (enum kernel_step step = KERNEL_LEFTOVERS; step < KERNEL_RUNNING; step++) {
        struct kernel_state order;
        struct failures failures = {.family = 0};
        struct error left;
        kernel_state_init(&order, versions, 2, true);
        failures.result[step] = -EIO;
        int result = 0;
        while (result == 0) {
            result = result_of(&failures, &order);
            kernel_state_take(&order, result);
        }
        assert_int_equal(order.step, step); /* nothing comes after it */
        assert_int_equal(order.families[0].logger, step >= KERNEL_LOGGER);
        assert_int_equal(order.families[0].rules, step >= KERNEL_RULES);
        assert_int_equal(order.families[1].logger, step == KERNEL_BIND);
        assert_false(kernel_state_must_look(&order, (struct monotonic){10000 * MS}));
        kernel_state_stop(&order); /* it has not begun */
        assert_int_equal(order.step, step);
        kernel_state_close(&order);
        failures.family = 2;
        failures.result[KERNEL_CLOSE] = failures.result[KERNEL_GUARD] = failures.result[KERNEL_ENTER] =
            -EPIPE;
        assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter");
        kernel_state_tell_left(&order, "", &left);
        assert_int_equal(strncmp(left.text, "the IPv4 TRACE rules", 20) == 0,
                         step >= KERNEL_LOGGER && step != KERNEL_BIND);
        assert_int_equal(strncmp(left.text, "the IPv4 and IPv6 ", 18) == 0, step == KERNEL_BIND);
        assert_int_equal(left.text[0] == '\0', step < KERNEL_LOGGER);
    }
}

static void test_a_start_that_fails_at_the_second_family(void **state)
{
    (void)state;
    struct kernel_state order;
    struct failures failures = {.family = 1};
    kernel_state_init(&order, versions, 2, true);
    failures.result[KERNEL_RULES] = -EBUSY;
    assert_steps(&order, KERNEL_RUNNING, &failures,
                 "leftovers read4 read6 limit arm logger4 rules4 tables4 logger6 rules6");
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard");
    assert_int_equal(order.result, 0);
}

static void test_no_agent_could_be_started(void **state)
{
    (void)state;
    struct kernel_state order;
    kernel_state_init(&order, versions, 0, true);
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &nothing_fails, "guard");
}

/* The end goes on, and its first error is the one that is told. */
static void test_an_agent_dies(void **state)
{
    (void)state;
    struct kernel_state order = running(true);
    struct failures failures = {.family = 1};
    failures.result[KERNEL_REMOVE] = -EPIPE;
    failures.result[KERNEL_CLOSE] = -EBADF;
    kernel_state_stop(&order);
    assert_steps(&order, KERNEL_STOPPED, &failures, "remove4 remove6");
    assert_int_equal(order.result, -EPIPE);
    assert_true(order.families[1].rules && !order.families[0].rules);
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard"); /* the guard puts it back */
    assert_int_equal(order.result, -EBADF);
    assert_left(&order, "", "");
}

static void test_an_agent_that_takes_long_is_not_dead(void **state)
{
    (void)state;
    static const int results[] = {-ETIMEDOUT, -EINTR};
    for (size_t i = 0; i < 2; i++) {
        struct kernel_state order = running(true);
        struct failures failures = {.family = 2};
        failures.result[KERNEL_CLOSE] = failures.result[KERNEL_GUARD] = results[i];
        kernel_state_close(&order);
        assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard");
        assert_int_equal(order.result, results[i]);
        assert_left(&order, "", "");
    }
}

/* Agents have put back everything: only the state file is there to be removed. */
static void test_the_guard_dies(void **state)
{
    (void)state;
    struct kernel_state order = running(true);
    struct failures failures = {.family = 2};
    failures.result[KERNEL_GUARD] = -EPIPE;
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter forget leave");
    assert_int_equal(order.result, -EPIPE);
    assert_left(&order, "", "");
}

static void test_agent_and_guard_die(void **state)
{
    (void)state;
    struct kernel_state order = running(true);
    struct failures failures = {.family = 1};
    failures.result[KERNEL_CLOSE] = failures.result[KERNEL_GUARD] = -EPIPE;
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter undo6 forget leave");
    assert_left(&order, "", "");

    order = running(true); /* what cannot be undone keeps the state file */
    failures.result[KERNEL_UNDO] = -EBUSY;
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter undo6 leave");
    assert_int_equal(order.result, -EPIPE);
    assert_left(
        &order, "",
        "the IPv6 TRACE rules and loggers are left behind, because every process that could restore them "
        "was killed: run iptrace-record --cleanup to clean up");
}

static void test_all_die_and_privileges_are_gone(void **state)
{
    (void)state;
    struct kernel_state order = running(true);
    struct failures failures = {.family = 2};
    failures.result[KERNEL_CLOSE] = failures.result[KERNEL_GUARD] = -EPIPE;
    failures.result[KERNEL_ENTER] = -EPERM;
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter");
    assert_left(&order, "red",
                "the IPv4 and IPv6 TRACE rules and loggers are left behind, because every process that could "
                "restore them was killed: run iptrace-record --cleanup -n red to clean up");
    order = running(false);
    kernel_state_close(&order);
    assert_steps(&order, KERNEL_CLOSED, &failures, "close4 close6 guard enter");
    assert_left(
        &order, "",
        "the IPv4 and IPv6 loggers are left behind, because every process that could restore them was "
        "killed: run iptrace-record --cleanup to clean up");
}

static void test_looks_while_it_runs(void **state)
{
    (void)state;
    struct kernel_state order = running(true);
    assert_true(kernel_state_must_look(&order, (struct monotonic){5000 * MS}));
    assert_false(kernel_state_must_look(&order, (struct monotonic){5000 * MS}));
    assert_false(kernel_state_must_look(&order, (struct monotonic){5199 * MS}));
    assert_true(kernel_state_must_look(&order, (struct monotonic){5200 * MS}));
    assert_false(kernel_state_must_look(&order, (struct monotonic){5399 * MS}));
    kernel_state_stop(&order); /* what is missing now we took out ourselves */
    assert_false(kernel_state_must_look(&order, (struct monotonic){9000 * MS}));
    kernel_state_close(&order);
    assert_false(kernel_state_must_look(&order, (struct monotonic){9000 * MS}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_recording),
        cmocka_unit_test(test_one_family),
        cmocka_unit_test(test_without_own_rules),
        cmocka_unit_test(test_a_start_that_fails),
        cmocka_unit_test(test_a_start_that_fails_at_the_second_family),
        cmocka_unit_test(test_no_agent_could_be_started),
        cmocka_unit_test(test_an_agent_dies),
        cmocka_unit_test(test_an_agent_that_takes_long_is_not_dead),
        cmocka_unit_test(test_the_guard_dies),
        cmocka_unit_test(test_agent_and_guard_die),
        cmocka_unit_test(test_all_die_and_privileges_are_gone),
        cmocka_unit_test(test_looks_while_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
