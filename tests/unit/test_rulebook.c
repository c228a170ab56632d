/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

static struct ruleset *put(struct rulebook *book, enum ip_family family, uint32_t number, const char *policy)
{
    g_autofree char *text = g_strdup_printf("*filter\n:INPUT %s\nCOMMIT\n", policy);
    struct ruleset *ruleset = build_ruleset_own(family, number, text, NULL, 0);
    assert_true(rulebook_put(book, ruleset));
    ruleset_unref(ruleset); /* the book has it */
    return ruleset;
}

static void test_in_force(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    assert_null(rulebook_get(book, 4, TABLE_FILTER));
    assert_false(rulebook_knows_tables(book, 4));
    struct ruleset *four = put(book, 4, 1, "ACCEPT"), *six = put(book, 6, 2, "DROP");
    assert_ptr_equal(rulebook_get(book, 4, TABLE_FILTER), four);
    assert_ptr_equal(rulebook_get(book, 6, TABLE_FILTER), six);
    assert_null(rulebook_get(book, 4, TABLE_COUNT));
    assert_null(rulebook_get(book, 4, TABLE_RAW));
    assert_int_equal(rulebook_tables(book, 4), 1 << TABLE_FILTER);
    assert_null(rulebook_numbered(book, 0, 1));
    rulebook_set_tables(book, 4, 3, 1);
    assert_true(rulebook_knows_tables(book, 4));
    assert_false(rulebook_knows_tables(book, 6));
    assert_int_equal(rulebook_own_tables(book, 4), 1);

    struct ruleset *strange = build_ruleset("*strange\nCOMMIT\n");
    assert_false(rulebook_put(book, strange));
    ruleset_unref(strange);
    rulebook_free(book);
    rulebook_free(NULL);
}

static void test_numbered(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(true);
    struct ruleset *first = put(book, 4, 1, "ACCEPT"), *second = put(book, 4, 2, "DROP");
    assert_ptr_equal(rulebook_numbered(book, 0, 1), first);
    assert_ptr_equal(rulebook_numbered(book, 0, 2), second);
    assert_null(rulebook_numbered(book, 1, 1));
    assert_null(rulebook_numbered(book, 0, 0));
    rulebook_free(book);
}

/* What a second recording of a capture has to write besides what is in force. */
static void test_former_ones_are_told_by_their_number(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(true);
    struct ruleset *former[3];
    for (uint32_t i = 0; i < 3; i++)
        former[i] = put(book, 4, i + 1, i % 2 ? "DROP" : "ACCEPT");
    put(book, 4, 4, "DROP");
    put(book, 6, 5, "DROP");
    g_autoptr(GPtrArray) found = rulebook_former(book);
    assert_int_equal(found->len, 3);
    for (guint i = 0; i < 3; i++)
        assert_ptr_equal(g_ptr_array_index(found, i), former[i]);
    rulebook_free(book);
}

static void test_without_keeping_all_there_are_no_former_ones(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    put(book, 4, 1, "ACCEPT");
    put(book, 4, 2, "DROP");
    g_autoptr(GPtrArray) found = rulebook_former(book);
    assert_int_equal(found->len, 0);
    rulebook_free(book);
}

/* Rules changed between 100 and 200: before and after it is sure, in between it may have been either. */
static void test_a_change_is_between_two_times(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    struct ruleset *before = put(book, 4, 1, "ACCEPT");
    rulebook_suspect(book, 4, 100);
    rulebook_suspect(book, 4, 150); /* the first time counts */
    assert_int_equal(rulebook_suspect_since(book, 4), 100);
    assert_int_equal(rulebook_suspect_since(book, 6), 0);
    struct ruleset *after = put(book, 4, 2, "DROP");
    rulebook_settle(book, 4, 200);
    assert_int_equal(rulebook_suspect_since(book, 4), 0);

    struct rules_then then = rulebook_then(book, 4, TABLE_FILTER, 10, 99);
    assert_ptr_equal(then.ruleset, before);
    assert_null(then.other);
    assert_true(then.sure);
    then = rulebook_then(book, 4, TABLE_FILTER, 201, 300);
    assert_ptr_equal(then.ruleset, after);
    assert_null(then.other);
    assert_true(then.sure);
    then = rulebook_then(book, 4, TABLE_FILTER, 120, 130);
    assert_ptr_equal(then.ruleset, after);
    assert_ptr_equal(then.other, before);
    assert_true(then.sure);
    /* The suspicion's first nanosecond and the last: either may have been in force. */
    then = rulebook_then(book, 4, TABLE_FILTER, 90, 100);
    assert_ptr_equal(then.other, before);
    then = rulebook_then(book, 4, TABLE_FILTER, 200, 210);
    assert_ptr_equal(then.other, before);
    then = rulebook_then(book, 4, TABLE_RAW, 120, 130);
    assert_null(then.ruleset);
    rulebook_free(book);
}

static void test_two_changes_within_one_time(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    put(book, 4, 1, "ACCEPT");
    for (uint32_t i = 0; i < 2; i++) {
        rulebook_suspect(book, 4, 100 + 100 * i);
        put(book, 4, 2 + i, i ? "ACCEPT" : "DROP");
        rulebook_settle(book, 4, 150 + 100 * i);
    }
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 90, 300).sure);
    assert_true(rulebook_then(book, 4, TABLE_FILTER, 160, 190).sure);
    rulebook_free(book);
}

/* Changes are remembered up to a bound; what was before is not claimed to be known. */
static void test_many_changes_are_bounded(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    put(book, 4, 1, "ACCEPT");
    for (uint32_t i = 1; i <= 1000; i++) {
        rulebook_suspect(book, 4, 1000 * i);
        put(book, 4, i + 1, i % 2 ? "DROP" : "ACCEPT");
        rulebook_settle(book, 4, 1000 * i + 10);
    }
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 5500, 5600).sure);
    struct rules_then then = rulebook_then(book, 4, TABLE_FILTER, 999500, 999600);
    assert_true(then.sure);
    assert_int_equal(ruleset_get_origin(then.ruleset)->number, 1000);
    rulebook_free(book);
}

/* A table of about `mib` MiB, all of its rules of one target: which one it is tells the rulesets apart. */
static struct ruleset *put_large(struct rulebook *book, uint32_t number, const char *target, unsigned mib)
{
    g_autoptr(GString) text = g_string_new("*filter\n:INPUT ACCEPT\n");
    while (text->len < (size_t)mib << 20)
        g_string_append_printf(text, "-A INPUT -p udp -m comment --comment \"%0900d\" -j %s\n", 1, target);
    g_string_append(text, "COMMIT\n");
    struct ruleset *ruleset = build_ruleset_own(4, number, text->str, NULL, 0);
    assert_in_range(ruleset_memory(ruleset), (gsize)mib << 20, (gsize)(mib + 1) << 20);
    assert_true(rulebook_put(book, ruleset));
    return ruleset; /* with a reference: whether the book has one is for the caller to see */
}

static bool is_kept(struct ruleset *const rulesets[], const struct rulebook *book, uint32_t number)
{
    uint64_t then_ns = 1000 * (number - 1) + 500;
    struct rules_then then = rulebook_then(book, 4, TABLE_FILTER, then_ns, then_ns + 10);
    assert_true(!then.sure || then.ruleset == rulesets[number]);
    return then.sure;
}

/* Of large tables, too: not so many of them, and what is dropped is not claimed to be known. Ruleset `i` is
 * in force from 1000 (i - 1) + 10 to 1000 i. */
static void test_former_rules_are_bounded_by_their_size(void **state)
{
    (void)state;
    enum { COUNT = 12 };
    struct rulebook *book = rulebook_new(false);
    struct ruleset *rulesets[COUNT + 1] = {NULL};
    for (uint32_t i = 1; i <= COUNT; i++) {
        rulebook_suspect(book, 4, 1000 * (i - 1));
        rulesets[i] = put_large(book, i, i % 2 ? "DROP" : "ACCEPT", 2);
        rulebook_settle(book, 4, 1000 * (i - 1) + 10);
    }
    assert_true(is_kept(rulesets, book, COUNT));
    assert_true(is_kept(rulesets, book, COUNT - 1));
    for (uint32_t i = 1; i < COUNT - 1; i++)
        assert_false(is_kept(rulesets, book, i));

    /* A table that shrank: the last one stays, whatever its size. */
    rulebook_suspect(book, 4, 1000 * COUNT);
    struct ruleset *small = put(book, 4, COUNT + 1, "DROP");
    rulebook_settle(book, 4, 1000 * COUNT + 10);
    assert_true(is_kept(rulesets, book, COUNT));
    assert_false(is_kept(rulesets, book, COUNT - 1));
    assert_ptr_equal(rulebook_get(book, 4, TABLE_FILTER), small);
    for (uint32_t i = 1; i <= COUNT; i++)
        ruleset_unref(rulesets[i]);
    rulebook_free(book);
}

/* A change that is forgotten before it is known when it was: nothing until then is sure, and what comes later
 * is. */
static void test_forgotten_before_it_was_settled(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    struct ruleset *rulesets[4];
    rulebook_suspect(book, 4, 100);
    for (uint32_t i = 0; i < G_N_ELEMENTS(rulesets); i++)
        rulesets[i] = put_large(book, i + 1, "DROP", 2);
    rulebook_settle(book, 4, 200);
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 50, 60).sure);
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 150, 160).sure);
    assert_true(rulebook_then(book, 4, TABLE_FILTER, 201, 210).sure);
    for (uint32_t i = 0; i < G_N_ELEMENTS(rulesets); i++)
        ruleset_unref(rulesets[i]);
    rulebook_free(book);
}

static void test_what_was_never_read_is_not_claimed(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    rulebook_set_tables(book, 4, 1u << TABLE_FILTER, 0);
    assert_true(rulebook_lacks_rules(book, 4));
    assert_false(rulebook_lacks_rules(book, 6));
    rulebook_suspect(book, 4, 100);
    put(book, 4, 1, "ACCEPT");
    assert_false(rulebook_lacks_rules(book, 4));
    rulebook_forget(book, 4, TABLE_FILTER, 200);
    rulebook_settle(book, 4, 200);
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 150, 160).sure);
    assert_true(rulebook_then(book, 4, TABLE_FILTER, 201, 210).sure);
    rulebook_free(book);
}

static void test_changed_and_changed_back(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    struct ruleset *only = put(book, 4, 1, "ACCEPT");
    rulebook_suspect(book, 4, 100);
    rulebook_doubt(book, 4, 100, 200);
    rulebook_settle(book, 4, 200);
    assert_true(rulebook_then(book, 4, TABLE_FILTER, 80, 90).sure);
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 90, 110).sure);
    assert_false(rulebook_then(book, 4, TABLE_FILTER, 150, 160).sure);
    assert_true(rulebook_then(book, 4, TABLE_FILTER, 201, 210).sure);
    assert_ptr_equal(rulebook_then(book, 4, TABLE_FILTER, 80, 90).ruleset, only);
    assert_true(rulebook_then(book, 6, TABLE_FILTER, 150, 160).sure);
    rulebook_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_force),
        cmocka_unit_test(test_numbered),
        cmocka_unit_test(test_former_ones_are_told_by_their_number),
        cmocka_unit_test(test_without_keeping_all_there_are_no_former_ones),
        cmocka_unit_test(test_a_change_is_between_two_times),
        cmocka_unit_test(test_two_changes_within_one_time),
        cmocka_unit_test(test_many_changes_are_bounded),
        cmocka_unit_test(test_former_rules_are_bounded_by_their_size),
        cmocka_unit_test(test_forgotten_before_it_was_settled),
        cmocka_unit_test(test_what_was_never_read_is_not_claimed),
        cmocka_unit_test(test_changed_and_changed_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
