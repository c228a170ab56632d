/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/names.h"

static void test_names_are_those_of_the_contract(void **state)
{
    (void)state;
    assert_string_equal(verdict_name(VERDICT_UNKNOWN), "UNKNOWN");
    assert_string_equal(verdict_name(VERDICT_ACCEPT), "ACCEPT");
    assert_string_equal(verdict_name(VERDICT_DROP), "DROP");
    assert_string_equal(verdict_name(VERDICT_REJECT), "REJECT");
    assert_string_equal(verdict_name(VERDICT_QUEUE), "QUEUE");
    assert_string_equal(verdict_name(VERDICT_STOLEN), "STOLEN");
    assert_string_equal(reason_name(REASON_VANISHED_ROUTING), "vanished: routing");
    assert_string_equal(step_type_name(STEP_RULE), "rule");
    assert_string_equal(step_type_name(STEP_POLICY), "policy");
    assert_string_equal(step_type_name(STEP_RETURN), "return");
    assert_string_equal(backend_name(BACKEND_LEGACY), "legacy");
}

static void test_hooks_are_numbered_as_in_the_kernel(void **state)
{
    (void)state;
    static const char *const names[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
    assert_int_equal(HOOK_COUNT, 5);
    for (unsigned i = 0; i < HOOK_COUNT; i++)
        assert_string_equal(hook_name(i), names[i]);
}

static void test_unknown_numbers_have_no_name(void **state)
{
    (void)state;
    assert_null(verdict_name(VERDICT_STOLEN + 1));
    assert_null(reason_name(REASON_TPROXY + 1));
    assert_null(step_type_name(STEP_UNKNOWN + 1));
    assert_null(hook_name(HOOK_COUNT));
    assert_null(backend_name(BACKEND_NFT + 1));
    assert_null(verdict_name(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_those_of_the_contract),
        cmocka_unit_test(test_hooks_are_numbered_as_in_the_kernel),
        cmocka_unit_test(test_unknown_numbers_have_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
