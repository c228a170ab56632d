/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/system/ssh_session.h"

#include <glib.h>

#include "recorder/core/filter.h"
#include "unit.h"

/* The expression, and that it is one which fits into the kernel's bpf match. */
static void check(const char *connection, const char *wanted)
{
    g_autofree char *expression = ssh_session_filter(connection);
    struct filter filter;
    struct error error;
    assert_string_equal(expression, wanted);
    assert_int_equal(filter_compile(expression, &filter, &error), 0);
    assert_in_range(filter.count, 1, FILTER_INSTRUCTIONS_MAX);
    filter_done(&filter);
}

static void test_filter(void **state)
{
    (void)state;
    check("192.0.2.1 50000 192.0.2.2 22",
          "not (host 192.0.2.1 and tcp port 50000 and host 192.0.2.2 and tcp port 22)");
    check("2001:db8::1 50000 2001:db8::2 22",
          "not (host 2001:db8::1 and tcp port 50000 and host 2001:db8::2 and tcp port 22)");
    check("fe80::1%eth0 50000 fe80::2%eth0 22",
          "not (host fe80::1 and tcp port 50000 and host fe80::2 and tcp port 22)");
    check("::ffff:192.0.2.1 50000 ::ffff:192.0.2.2 22",
          "not (host 192.0.2.1 and tcp port 50000 and host 192.0.2.2 and tcp port 22)");
}

/* The variable is the user's: nothing of it gets into a filter but addresses and numbers. */
static void test_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "192.0.2.1",
        "192.0.2.1 50000 192.0.2.2",
        "192.0.2.1 50000 192.0.2.2 22 more",
        "192.0.2.1 0 192.0.2.2 22",
        "192.0.2.1 65536 192.0.2.2 22",
        "192.0.2.1 5x 192.0.2.2 22",
        "host 50000 192.0.2.2 22",
        "192.0.2.1) 50000 192.0.2.2 22",
        "UNKNOWN 65535 UNKNOWN 65535",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        assert_null(ssh_session_filter(values[i]));
}

static void test_own(void **state)
{
    (void)state;
    g_setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", TRUE);
    g_autofree char *found = ssh_session_find();
    assert_string_equal(found, "192.0.2.1 1 192.0.2.2 22");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
