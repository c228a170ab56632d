/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Records as Linux 6.18 makes them. */
#include "recorder/system/audit.h"

#include "tests/unit/unit.h"

#define HEAD "audit(1795847136.900:3): "

static void test_a_table_is_replaced(void **state)
{
    (void)state;
    struct audit_change change;
    assert_true(audit_parse(
        HEAD "table=filter family=2 entries=4 op=xt_replace pid=5535 comm=\"iptables-legacy\"", &change));
    assert_int_equal(change.family, 4);
    assert_string_equal(change.table, "filter");
    assert_string_equal(change.program, "iptables-legacy");
    assert_int_equal(change.pid, 5535);
    assert_true(audit_parse(HEAD "table=raw family=10 entries=9 op=xt_replace pid=7 subj=a_t comm=6120620A22",
                            &change));
    assert_int_equal(change.family, 6);
    assert_string_equal(change.program, "a b?\"");
}

static void test_anything_else(void **state)
{
    (void)state;
    struct audit_change change;
    static const char *const others[] = {
        "",
        HEAD,
        HEAD "table=filter family=2 entries=0 op=xt_register pid=5535 comm=\"iptables-legacy\"",
        HEAD "table=filter family=7 entries=4 op=xt_replace pid=1 comm=\"ebtables\"",
        HEAD "table=inet:3;firewalld family=1 entries=4 op=nft_register_rule pid=1 comm=\"nft\"",
        HEAD "table=a-name-that-is-longer-than-any-table-has family=2 op=xt_replace",
        HEAD "family=2 op=xt_replace",
        HEAD "table=filter op=xt_replace",
        HEAD "table=filter family=2 op=xt_replaced",
    };
    for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(audit_parse(others[i], &change));
}

static void test_no_socket(void **state)
{
    (void)state;
    struct audit_change change;
    assert_false(audit_next(-1, &change));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_is_replaced),
        cmocka_unit_test(test_anything_else),
        cmocka_unit_test(test_no_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
