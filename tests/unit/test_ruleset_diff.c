/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/ruleset_diff.h"

static void assert_diff(const char *before, const char *after, size_t lines_max, const char *expected)
{
    struct ruleset *a = build_ruleset(before), *b = build_ruleset(after);
    struct ruleset_diff diff;
    ruleset_diff_make(a, b, lines_max, &diff);
    assert_string_equal(diff.lines->str, expected);
    ruleset_diff_done(&diff);
    ruleset_unref(a);
    ruleset_unref(b);
}

#define HEAD "*filter\n:INPUT ACCEPT\n"

static void test_diff(void **state)
{
    (void)state;
    assert_diff(HEAD "COMMIT\n", HEAD "COMMIT\n", 9, "");
    assert_diff(HEAD "-A INPUT -i a\n-A INPUT -i b\nCOMMIT\n", HEAD "-A INPUT -i b\n-A INPUT -i a\nCOMMIT\n",
                9, "");
    assert_diff(HEAD "-A INPUT -i a\nCOMMIT\n", "*filter\n:INPUT DROP\n-A INPUT -i b\nCOMMIT\n", 9,
                "-:INPUT ACCEPT\n--A INPUT -i a\n+:INPUT DROP\n+-A INPUT -i b");
    assert_diff(HEAD "-A INPUT -i a\nCOMMIT\n", HEAD "-A INPUT -i a\n-A INPUT -i a\nCOMMIT\n", 9,
                "+-A INPUT -i a");
    assert_diff(HEAD "COMMIT\n", HEAD "-A INPUT -i a\n-A INPUT -i b\n-A INPUT -i c\nCOMMIT", 1,
                "+-A INPUT -i a\n(2 more lines)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_diff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
