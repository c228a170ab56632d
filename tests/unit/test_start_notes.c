/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a user should know when recording begins. */
#include "recorder/legacy/kernel/start_notes.h"

#include "tests/unit/unit.h"

static void test_who_has_rules(void **state)
{
    (void)state;
    assert_null(start_note_on_firewalls(true, false));
    assert_non_null(strstr(start_note_on_firewalls(false, true), "only nftables has rules here"));
    assert_non_null(strstr(start_note_on_firewalls(true, true), "nftables has rules here too"));
    assert_non_null(strstr(start_note_on_firewalls(false, false), "none of the legacy tables has any rule"));
}

static void test_fragments(void **state)
{
    (void)state;
    assert_null(start_note_on_fragments(false, false));
    assert_non_null(
        strstr(start_note_on_fragments(true, true), "the first fragment in IPv4, and none in IPv6"));
    assert_non_null(strstr(start_note_on_fragments(true, false), "of a fragmented IPv4 packet"));
    assert_non_null(strstr(start_note_on_fragments(false, true), "it matches no fragment of an IPv6 packet"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_has_rules),
        cmocka_unit_test(test_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
