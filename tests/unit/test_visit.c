/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/visit.h"

#define RULES                                                                                                \
    "*filter\n:INPUT DROP\n:a -\n:b -\n"                                                                     \
    "-A INPUT -p tcp -j a\n-A INPUT -p udp -g b\n-A INPUT -j RETURN\n-A INPUT -j ACCEPT\n"                   \
    "-A a -p tcp -g b\n-A a -p tcp -j b\n-A a -p tcp -j LOG\n-A a -p tcp -j REJECT\n"                        \
    "-A b -p tcp -j WHATEVER\n-A b -p tcp -j NFQUEUE\n-A b -p tcp -j ACCEPT\n-A b -p tcp -j DNAT\nCOMMIT\n"

struct walk {
    struct ruleset *ruleset;
    struct visit visit;
};

static void begin(struct walk *walk)
{
    walk->ruleset = build_ruleset(RULES);
    visit_begin(&walk->visit, (struct spot){HOOK_INPUT, TABLE_FILTER}, walk->ruleset);
    assert_true(walk->visit.known);
}

static bool allows(const struct walk *walk, const char *chain, bool said_rule, uint32_t number)
{
    struct meaning meaning = ruleset_meaning(walk->ruleset, build_text(chain), said_rule, number);
    assert_int_not_equal(meaning.kind, MEANING_UNKNOWN);
    return visit_allows(&walk->visit, &meaning, number);
}

static void step(struct walk *walk, const char *chain, bool said_rule, uint32_t number)
{
    assert_true(allows(walk, chain, said_rule, number));
    struct meaning meaning = ruleset_meaning(walk->ruleset, build_text(chain), said_rule, number);
    visit_step(&walk->visit, &meaning, number);
}

static void done(struct walk *walk, enum visit_state state)
{
    assert_int_equal(walk->visit.state, state);
    assert_true(walk->visit.known);
    ruleset_unref(walk->ruleset);
}

static void test_jump_and_return(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", true, 1);
    assert_false(allows(&walk, "INPUT", true, 2)); /* first through the chain */
    assert_false(allows(&walk, "b", true, 1));
    step(&walk, "a", true, 3);
    assert_false(allows(&walk, "a", true, 3)); /* never the same again, nor one before */
    assert_false(allows(&walk, "a", true, 1));
    step(&walk, "a", false, 5);
    assert_false(allows(&walk, "INPUT", true, 1));
    step(&walk, "INPUT", false, 4);
    done(&walk, VISIT_ACCEPTED);
}

/* The end of a chain entered by goto is the end of the chain that went there. */
static void test_goto_from_a_user_chain(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", true, 1);
    step(&walk, "a", true, 1); /* goto b */
    step(&walk, "b", false, 5);
    assert_false(allows(&walk, "a", true, 2));
    assert_true(allows(&walk, "INPUT", true, 2));
    step(&walk, "INPUT", false, 5);
    done(&walk, VISIT_DROPPED);
}

static void test_goto_from_the_built_in_chain(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", true, 2); /* goto b */
    step(&walk, "b", false, 5);
    assert_false(allows(&walk, "INPUT", false, 3));
    assert_false(allows(&walk, "INPUT", false, 4));
    step(&walk, "INPUT", false, 5);
    done(&walk, VISIT_DROPPED);
}

/* The kernel says "policy" twice: of the rule, and of the policy that it leads to. */
static void test_unconditional_return_in_the_built_in_chain(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", false, 3);
    assert_int_equal(walk.visit.state, VISIT_INSIDE);
    assert_false(allows(&walk, "INPUT", false, 4));
    step(&walk, "INPUT", false, 5);
    done(&walk, VISIT_DROPPED);
}

static void test_jump_in_a_jump(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", true, 1);
    step(&walk, "a", true, 2);
    step(&walk, "b", false, 5);
    step(&walk, "a", true, 4);
    done(&walk, VISIT_DROPPED);
    assert_int_equal(walk.visit.action, ACTION_REJECT);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        uint32_t number;
        enum visit_state state;
    } rows[] = {
        {1, VISIT_MAYBE   },
        {2, VISIT_QUEUED  },
        {3, VISIT_ACCEPTED},
        {4, VISIT_ACCEPTED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct walk walk;
        begin(&walk);
        step(&walk, "INPUT", true, 2);
        step(&walk, "b", true, rows[i].number);
        assert_int_equal(visit_is_over(&walk.visit), rows[i].state == VISIT_ACCEPTED);
        assert_int_equal(allows(&walk, "b", false, 5), rows[i].state != VISIT_ACCEPTED);
        done(&walk, rows[i].state);
    }
}

/* An unknown target may end the table or not: the walk goes on behind it. */
static void test_maybe_goes_on(void **state)
{
    (void)state;
    struct walk walk;
    begin(&walk);
    step(&walk, "INPUT", true, 2);
    step(&walk, "b", true, 1);
    assert_false(allows(&walk, "b", true, 1));
    step(&walk, "b", true, 3);
    done(&walk, VISIT_ACCEPTED);
}

/* Deeper than is followed: order alone decides from there, and nothing is overrun. */
static void test_depth_is_bounded(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("*filter\n:INPUT ACCEPT\n");
    for (unsigned i = 0; i < 40; i++)
        g_string_append_printf(text, ":c%u -\n", i);
    g_string_append(text, "-A INPUT -p tcp -j c0\n");
    for (unsigned i = 0; i < 39; i++)
        g_string_append_printf(text, "-A c%u -p tcp -j c%u\n", i, i + 1);
    g_string_append(text, "COMMIT\n");
    struct walk walk = {.ruleset = build_ruleset(text->str)};
    visit_begin(&walk.visit, (struct spot){HOOK_INPUT, TABLE_FILTER}, walk.ruleset);
    step(&walk, "INPUT", true, 1);
    for (unsigned i = 0; i < 39; i++) {
        char chain[8];
        snprintf(chain, sizeof chain, "c%u", i);
        step(&walk, chain, true, 1);
        assert_int_equal(walk.visit.known, i + 1 < VISIT_DEPTH_MAX);
        assert_in_range(walk.visit.depth, 0, VISIT_DEPTH_MAX);
    }
    ruleset_unref(walk.ruleset);
}

static void test_nothing_is_known(void **state)
{
    (void)state;
    struct visit visit;
    const struct meaning unknown = {.kind = MEANING_UNKNOWN, .action = ACTION_MAYBE};
    visit_begin(&visit, (struct spot){HOOK_INPUT, TABLE_FILTER}, NULL);
    assert_false(visit.known);
    assert_true(visit_allows(&visit, &unknown, 7));
    visit_step(&visit, &unknown, 7);
    assert_int_equal(visit.state, VISIT_MAYBE);
    assert_false(visit_is_over(&visit));

    struct ruleset *ruleset = build_ruleset(RULES);
    visit_begin(&visit, (struct spot){HOOK_FORWARD, TABLE_FILTER}, ruleset); /* has no such chain */
    assert_false(visit.known);
    visit_begin(&visit, (struct spot){HOOK_INPUT, TABLE_FILTER}, ruleset);
    visit_step(&visit, &unknown, 7);
    assert_false(visit.known);
    ruleset_unref(ruleset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jump_and_return),
        cmocka_unit_test(test_goto_from_a_user_chain),
        cmocka_unit_test(test_goto_from_the_built_in_chain),
        cmocka_unit_test(test_unconditional_return_in_the_built_in_chain),
        cmocka_unit_test(test_jump_in_a_jump),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_maybe_goes_on),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
