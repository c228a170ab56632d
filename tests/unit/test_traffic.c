/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How much traffic a namespace has, by its interfaces' counters. */
#include "recorder/legacy/kernel/traffic.h"

#include <glib.h>

#include "tests/unit/unit.h"

#define SECOND 1000000000ull
#define MS     1000000ull

static uint64_t count(const char *text)
{
    FILE *file = fmemopen((void *)text, strlen(text), "r");
    uint64_t packets = traffic_count(file);
    fclose(file);
    return packets;
}

static void test_what_is_forwarded_counts_once(void **state)
{
    (void)state;
    static const char header[] =
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo\n";
    assert_int_equal(count(header), 0);
    g_autofree char *forwards =
        g_strconcat(header, "   lan: 900 70 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                    "   wan:0 0 0 0 0 0 0 0 880 65 0 0 0 0 0 0\n", "broken: 1 2\n", NULL);
    assert_int_equal(count(forwards), 70);
    g_autofree char *sends = g_strconcat(forwards, "   wg0:0 1 0 0 0 0 0 0 880 35 0 0 0 0 0 0\n", NULL);
    assert_int_equal(count(sends), 100);
    assert_int_equal(traffic_count(NULL), 0);
}

static void test_rate(void **state)
{
    (void)state;
    const struct traffic first = {{5 * SECOND}, 1000};
    assert_true(traffic_rate(&first, &(struct traffic){{7 * SECOND}, 4000}) == 1500);
    assert_true(traffic_rate(&first, &(struct traffic){{5 * SECOND + 100 * MS}, 1100}) == 1000);
}

static void test_where_nobody_can_say(void **state)
{
    (void)state;
    const struct traffic first = {{5 * SECOND}, 1000}, none = {{0}, 0};
    assert_true(traffic_rate(&none, &first) == 0);
    assert_true(traffic_rate(&first, &none) == 0);
    assert_true(traffic_rate(&first, &(struct traffic){{5 * SECOND + 49 * MS}, 9000}) == 0);
    assert_true(traffic_rate(&first, &(struct traffic){{7 * SECOND}, 999}) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_forwarded_counts_once),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_where_nobody_can_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
