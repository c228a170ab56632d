/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The limit of our own rules, by what tracing would cost. */
#include "recorder/legacy/kernel/limit_choice.h"

#include "tests/unit/unit.h"

#define ALL_HOOKS 0x1f

static struct ruleset_state state_of(uint32_t entries)
{
    return (struct ruleset_state){
        .table_count = 1,
        .tables = {{.name = "mangle", .entries = entries, .valid_hooks = ALL_HOOKS}},
    };
}

static struct options options_of(const char *const *interfaces)
{
    struct options options = {.interfaces = g_ptr_array_new()};
    for (; *interfaces; interfaces++)
        g_ptr_array_add(options.interfaces, (void *)*interfaces);
    g_ptr_array_add(options.interfaces, NULL);
    return options;
}

static const char *const none[] = {NULL};

static void test_small_tables_need_none(void **state)
{
    (void)state;
    struct options options = options_of(none);
    const struct ruleset_state small = state_of(20);
    const struct limit_question question = {
        .count = 2, .states = {&small, &small}
    };
    struct limit_choice choice;
    assert_true(limit_choice_asks(&options));
    limit_choice_make(&options, &question, &choice);
    assert_string_equal(choice.limit.text, "");
    assert_null(choice.sentence);
    assert_false(choice.limits[0] || choice.limits[1]);
    limit_choice_done(&choice);
    g_ptr_array_unref(options.interfaces);
}

static void assert_sentence(const struct limit_choice *choice, const char *part)
{
    assert_non_null(choice->sentence);
    if (!strstr(choice->sentence, part))
        fail_msg("`%s' is not in: %s", part, choice->sentence);
}

static void test_only_the_dear_family_is_limited(void **state)
{
    (void)state;
    struct options options = options_of(none);
    const struct ruleset_state small = state_of(20), large = state_of(20000);
    struct limit_question question = {
        .count = 2, .states = {&small, &large}
    };
    struct limit_choice choice;
    limit_choice_make(&options, &question, &choice);
    assert_true(choice.limit.text[0] && !choice.limits[0] && choice.limits[1]);
    assert_sentence(&choice, "the tables have 20020 entries: tracing can cost the kernel 1.38 ms per packet");
    assert_sentence(&choice, "at 1000 packets per second; so each TRACE rule for IPv6 is limited to ");
    limit_choice_done(&choice);
    question.states[0] = &large;
    question.states[1] = &small;
    limit_choice_make(&options, &question, &choice);
    assert_true(choice.limits[0] && !choice.limits[1]);
    assert_sentence(&choice, "each TRACE rule for IPv4 is limited to ");
    limit_choice_done(&choice);
    question.states[1] = &large;
    limit_choice_make(&options, &question, &choice);
    assert_true(choice.limits[0] && choice.limits[1]);
    assert_sentence(&choice, "so each TRACE rule is limited to ");
    limit_choice_done(&choice);
    question.count = 1;
    limit_choice_make(&options, &question, &choice);
    assert_true(choice.limits[0]);
    assert_sentence(&choice, "so each TRACE rule is limited to ");
    limit_choice_done(&choice);
    g_ptr_array_unref(options.interfaces);
}

static void test_traffic_that_was_seen(void **state)
{
    (void)state;
    struct options options = options_of(none);
    const struct ruleset_state medium = state_of(100);
    struct limit_question question = {.rate = 900, .count = 1, .states = {&medium}};
    struct limit_choice choice;
    limit_choice_make(&options, &question, &choice); /* less than any machine may have to forward */
    assert_null(choice.sentence);
    limit_choice_done(&choice);
    question.rate = 400000;
    limit_choice_make(&options, &question, &choice);
    assert_sentence(&choice, "at 400000 packets per second, as seen here; so each TRACE rule is limited to ");
    limit_choice_done(&choice);
    g_ptr_array_unref(options.interfaces);
}

static double rate_with(const char *const *interfaces)
{
    struct options options = options_of(interfaces);
    const struct ruleset_state large = state_of(20000);
    const struct limit_question question = {.count = 1, .states = {&large}};
    struct limit_choice choice;
    limit_choice_make(&options, &question, &choice);
    double rate = choice.limit.rate;
    limit_choice_done(&choice);
    g_ptr_array_unref(options.interfaces);
    return rate;
}

/* Each own rule has the limit for itself: a rule an interface in each of two chains, and lo's at OUTPUT
 * alone. */
static void test_many_rules_share_it(void **state)
{
    (void)state;
    static const char *const one[] = {"lan", NULL}, *const four[] = {"a", "b", "c", "d", NULL},
                             *const with_lo[] = {"lan", "lo", NULL}, *const lo[] = {"lo", NULL};
    double alone = rate_with(none);
    assert_true(rate_with(one) == alone);
    assert_true(rate_with(four) < alone / 3 && rate_with(four) > alone / 5);
    assert_true(rate_with(with_lo) < alone && rate_with(with_lo) > alone / 2);
    assert_true(rate_with(lo) > alone * 1.5);
}

static void test_what_the_options_say(void **state)
{
    (void)state;
    struct options options = options_of(none);
    const struct ruleset_state large = state_of(20000);
    const struct limit_question question = {.rate = 400000, .count = 1, .states = {&large}};
    struct limit_choice choice;
    options.unlimited = true;
    limit_choice_make(&options, &question, &choice);
    assert_string_equal(choice.limit.text, "");
    assert_sentence(&choice, "; no limit is set, because of --unlimited");
    limit_choice_done(&choice);
    options.no_install = true;
    assert_false(limit_choice_asks(&options));
    limit_choice_make(&options, &question, &choice);
    assert_string_equal(choice.limit.text, "");
    assert_null(choice.sentence);
    limit_choice_done(&choice);
    options.no_install = options.unlimited = false;
    options.limit = (char *)"7/minute";
    assert_false(limit_choice_asks(&options));
    limit_choice_make(&options, &question, &choice);
    assert_string_equal(choice.limit.text, "7/minute");
    assert_int_equal(choice.limit.burst, 0); /* iptables' own */
    assert_true(choice.limits[0] && choice.limits[1]);
    assert_null(choice.sentence);
    limit_choice_done(&choice);
    g_ptr_array_unref(options.interfaces);
}

static void test_the_end(void **state)
{
    (void)state;
    g_autofree char *sentence = limit_describe_end(5000000000, 12, "5/second");
    assert_string_equal(sentence, "12 of 5000000000 matching packets were traced (limit 5/second)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_tables_need_none), cmocka_unit_test(test_only_the_dear_family_is_limited),
        cmocka_unit_test(test_traffic_that_was_seen),  cmocka_unit_test(test_many_rules_share_it),
        cmocka_unit_test(test_what_the_options_say),   cmocka_unit_test(test_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
