/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/core/journal.h"

static void test_entry(void **state)
{
    (void)state;
    const struct journal_entry entry = {1700000000123456789, JOURNAL_WARNING, "rules-changed",
                                        "Rules changed.", 0xab};
    const struct journal_field fields[] = {
        {"IPTRACE_FAMILY", "4"},
        {"IPTRACE_EMPTY",  "" }
    };
    struct wire_writer out = {0};
    journal_write(&out, &entry, fields, 2);
    unit_assert_bytes(unit_written(&out), BYTES("__REALTIME_TIMESTAMP=1700000000123456\n"
                                                "MESSAGE=Rules changed.\n"
                                                "PRIORITY=4\n"
                                                "SYSLOG_IDENTIFIER=iptrace-record\n"
                                                "IPTRACE_EVENT=rules-changed\n"
                                                "IPTRACE_CAPTURE=000000ab\n"
                                                "IPTRACE_FAMILY=4\n"
                                                "IPTRACE_EMPTY=\n"));
    wire_writer_done(&out);
}

/* A value of several lines must not be able to make fields of its own. */
static void test_lines_in_a_value(void **state)
{
    (void)state;
    const struct journal_entry entry = {0, JOURNAL_INFO, "started", "one\nPRIORITY=0", 1};
    struct wire_writer out = {0};
    journal_write(&out, &entry, NULL, 0);
    static const char expected[] = "__REALTIME_TIMESTAMP=0\n"
                                   "MESSAGE\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\n"
                                   "PRIORITY=6\n";
    assert_true(out.length > sizeof expected);
    assert_memory_equal(out.data, expected, sizeof expected - 1);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entry),
        cmocka_unit_test(test_lines_in_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
