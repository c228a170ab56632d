/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <linux/netfilter.h>

#include "format/family.h"

static void test_each_has_its_names_and_numbers(void **state)
{
    (void)state;
    static const struct {
        enum ip_family family;
        int af, nfproto;
        unsigned version;
        const char *name, *tables, *command;
    } rows[] = {
        {FAMILY_IPV4, AF_INET,  NFPROTO_IPV4, 4, "IPv4", "ip",  "iptables" },
        {FAMILY_IPV6, AF_INET6, NFPROTO_IPV6, 6, "IPv6", "ip6", "ip6tables"},
    };
    for (unsigned i = 0; i < FAMILY_COUNT; i++) {
        assert_int_equal(ip_family_at(i), rows[i].family);
        assert_int_equal(ip_family_index(rows[i].family), i);
        assert_int_equal(ip_family_af(rows[i].family), rows[i].af);
        assert_int_equal(ip_family_af(rows[i].family), rows[i].nfproto);
        assert_true(ip_family_has_af(rows[i].af));
        assert_int_equal(ip_family_of_af(rows[i].af), rows[i].family);
        assert_int_equal(ip_family_of_version(rows[i].version), rows[i].family);
        assert_int_equal(rows[i].family, rows[i].version);
        assert_string_equal(ip_family_name(rows[i].family), rows[i].name);
        assert_string_equal(ip_family_tables(rows[i].family), rows[i].tables);
        assert_string_equal(ip_family_command(rows[i].family), rows[i].command);
    }
}

static void test_what_is_neither_counts_as_ipv4(void **state)
{
    (void)state;
    assert_false(ip_family_has_af(NFPROTO_BRIDGE));
    assert_false(ip_family_has_af(0));
    assert_int_equal(ip_family_of_af(NFPROTO_BRIDGE), FAMILY_IPV4);
    assert_int_equal(ip_family_of_version(5), FAMILY_IPV4);
    assert_int_equal(ip_family_index(FAMILY_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_has_its_names_and_numbers),
        cmocka_unit_test(test_what_is_neither_counts_as_ipv4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
