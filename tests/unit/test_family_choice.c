/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which families are recorded. */
#include "recorder/legacy/kernel/family_choice.h"

#include <errno.h>

#include "tests/unit/unit.h"

static const struct family_found neither[] =
    {
        {4, false},
        {6, false}
},
                                 first[] = {{4, true}, {6, false}}, second[] = {{4, false}, {6, true}},
                                 both[] = {{4, true}, {6, true}};

/* `expected`: bit i, family i is recorded. */
static void assert_recorded(const struct options *options, const struct family_found *found, bool has_nft,
                            unsigned expected)
{
    bool recorded[2] = {false, false};
    struct error error;
    assert_int_equal(family_choice_make(options, found, 2, has_nft, recorded, &error), 0);
    assert_int_equal(recorded[0] | recorded[1] << 1, expected);
}

static void test_families_with_rules_are_recorded(void **state)
{
    (void)state;
    const struct options options = {.backend = BACKEND_CHOICE_AUTO};
    assert_recorded(&options, first, false, 1);
    assert_recorded(&options, second, false, 2);
    assert_recorded(&options, both, false, 3);
    assert_recorded(&options, first, true, 1); /* nftables' rules beside them change nothing */
    assert_recorded(&options, neither, false, 3);
}

static void test_families_asked_for_are_recorded(void **state)
{
    (void)state;
    const struct options asked = {.families_asked = true}, no_install = {.no_install = true};
    assert_recorded(&asked, first, false, 3);
    assert_recorded(&no_install, second, false, 3);
    assert_recorded(&no_install, neither, true, 3);
}

static void test_one_family_without_rules_stays(void **state)
{
    (void)state;
    const struct options options = {.families_asked = true};
    bool recorded = false;
    assert_int_equal(family_choice_make(&options, neither, 1, false, &recorded, NULL), 0);
    assert_true(recorded);
}

static void assert_refused(const struct options *options, const struct family_found *found, size_t count,
                           const char *begin)
{
    bool recorded[2];
    struct error error;
    assert_true(family_choice_asks_nftables(options, found, count));
    assert_int_equal(family_choice_make(options, found, count, true, recorded, &error), -ENOTSUP);
    assert_int_equal(strncmp(error.text, begin, strlen(begin)), 0);
    assert_non_null(strstr(error.text, "--backend legacy records the legacy tables anyway"));
}

static void test_where_all_rules_are_nftables_it_refuses(void **state)
{
    (void)state;
    const struct options options = {.backend = BACKEND_CHOICE_AUTO}, asked = {.families_asked = true};
    assert_refused(&options, neither, 2, "the legacy tables have no rules here, but nftables has some");
    assert_refused(&asked, neither, 1, "the legacy IPv4 tables have no rules here");
    assert_refused(&asked, neither + 1, 1, "the legacy IPv6 tables have no rules here");
}

static void test_nftables_is_asked_only_where_it_matters(void **state)
{
    (void)state;
    const struct options automatic = {.backend = BACKEND_CHOICE_AUTO},
                         legacy = {.backend = BACKEND_CHOICE_LEGACY}, no_install = {.no_install = true};
    assert_true(family_choice_asks_nftables(&automatic, neither, 2));
    assert_false(family_choice_asks_nftables(&automatic, first, 2));
    assert_false(family_choice_asks_nftables(&automatic, second, 2));
    assert_false(family_choice_asks_nftables(&legacy, neither, 2));
    assert_false(family_choice_asks_nftables(&no_install, neither, 2));
    assert_recorded(&legacy, neither, true, 3);
}

static void test_what_counts_as_rules(void **state)
{
    (void)state;
    struct ruleset_state look = {
        .table_count = 2, .tables = {{.name = "filter"}, {.name = "raw"}}
    };
    assert_false(family_has_rules(&look));
    look.tables[1].own_rules = 2;
    assert_false(family_has_rules(&look)); /* ours are nobody's */
    look.tables[1].has_user_policy = true;
    assert_true(family_has_rules(&look));
    look.tables[1].has_user_policy = false;
    look.tables[0].chains = 1;
    assert_true(family_has_rules(&look));
    look.tables[0].chains = 0;
    look.tables[0].has_user_rules = true;
    assert_true(family_has_rules(&look));
    look.table_count = 0;
    assert_false(family_has_rules(&look));
}

static void test_whose_raw_is(void **state)
{
    (void)state;
    struct ruleset_state look = {
        .table_count = 2, .tables = {{.name = "filter"}, {.name = "raw"}}
    };
    look.tables[0].has_user_rules = true;
    assert_false(family_shares_raw(&look));
    look.tables[1].has_user_rules = true;
    assert_true(family_shares_raw(&look));
}

static void test_what_is_large(void **state)
{
    (void)state;
    struct ruleset_state look = {
        .table_count = 2, .tables = {{.entries = 1990}, {.entries = 10}}
    };
    assert_false(family_is_large(&look));
    look.tables[1].entries++;
    assert_true(family_is_large(&look));
    look.tables[0].entries = 0;
    assert_false(family_is_large(&look));
    look.tables[0].entries = 2001;
    look.table_count = 1;
    assert_true(family_is_large(&look));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_families_with_rules_are_recorded),
        cmocka_unit_test(test_families_asked_for_are_recorded),
        cmocka_unit_test(test_one_family_without_rules_stays),
        cmocka_unit_test(test_where_all_rules_are_nftables_it_refuses),
        cmocka_unit_test(test_nftables_is_asked_only_where_it_matters),
        cmocka_unit_test(test_what_counts_as_rules),
        cmocka_unit_test(test_whose_raw_is),
        cmocka_unit_test(test_what_is_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
