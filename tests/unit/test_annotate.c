/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/annotate.h"
#include "recorder/legacy/walk/prefix.h"

#define RULES "*filter\n:INPUT DROP\n-A INPUT -p udp -j LOG\nCOMMIT\n"

static struct annotation annotated(const struct rulebook *book, const char *where, const struct event *event)
{
    struct annotation annotation = {
        .spot = {HOOK_INPUT, TABLE_FILTER},
          .from_ns = 100, .to_ns = 200, .undecided = true
    };
    struct prefix prefix;
    g_autofree char *text = g_strdup_printf("TRACE: %s ", where);
    assert_true(prefix_parse(build_text(text), &prefix));
    annotate(book, 4, &prefix, event, &annotation);
    return annotation;
}

/* Of a capture without its rulesets: what a step says is what the message means. */
static void test_steps_of_a_file_without_rules(void **state)
{
    (void)state;
    static const struct {
        struct step step;
        enum meaning_kind kind;
        enum action action;
    } rows[] = {
        {{.type = STEP_RULE, .rulenum = 4, .rule = BYTES("-A INPUT -j DROP"), .target = BYTES("DROP")},
         MEANING_RULE,                                                                                                   ACTION_DROP    },
        {{.type = STEP_RULE,
          .rulenum = 4,
          .rule = BYTES("-A INPUT -j LOG"),
          .target = BYTES("LOG"),
          .stale = true},
         MEANING_RULE,                                                                                                   ACTION_CONTINUE},
        {{.type = STEP_RULE, .rulenum = 4, .target = BYTES("DROP")},
         MEANING_UNKNOWN,                                                                                                ACTION_DROP    }, /* no text: not known */
        {{.type = STEP_POLICY, .rule = BYTES("-P INPUT DROP"), .target = BYTES("DROP")},
         MEANING_POLICY,                                                                                                 ACTION_DROP    },
        {{.type = STEP_POLICY, .rule = BYTES("-P INPUT ACCEPT"), .target = BYTES("ACCEPT")},
         MEANING_POLICY,                                                                                                 ACTION_ACCEPT  },
        {{.type = STEP_RETURN, .target = BYTES("RETURN")},                                              MEANING_END,     ACTION_RETURN  },
        {{.type = STEP_UNKNOWN},                                                                        MEANING_UNKNOWN, ACTION_MAYBE   },
    };
    struct rulebook *book = rulebook_new(true);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct step_copy step = {.step = rows[i].step};
        const struct event event = {.capture_id = 7, .step = &step};
        struct annotation annotation = annotated(book, "filter:INPUT:rule:4", &event);
        assert_ptr_equal(annotation.step, &step);
        assert_null(annotation.ruleset);
        assert_int_equal(annotation.meaning.kind, rows[i].kind);
        assert_int_equal(annotation.meaning.action, rows[i].action);
        assert_int_equal(annotation.meaning.rulenum, rows[i].step.rulenum);
        assert_int_equal(annotation.stale, rows[i].step.stale);
        assert_false(annotation.undecided);
        assert_int_equal(annotation.number, 4);
        assert_true(annotation.said_rule);
    }
    rulebook_free(book);
}

/* With them: the ruleset of the step's number, of the event's own capture. */
static void test_steps_of_a_file_with_rules(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(true);
    struct ruleset *first = build_ruleset_own(4, 1, RULES, NULL, 0);
    struct ruleset *second =
        build_ruleset_own(4, 2, "*filter\n:INPUT ACCEPT\n-A INPUT -j DROP\nCOMMIT\n", NULL, 0);
    assert_true(rulebook_put(book, first) && rulebook_put(book, second));
    struct step_copy step = {
        .step = {.type = STEP_RULE, .rulenum = 1, .ruleset = 1, .rule = BYTES("-A INPUT -p udp -j LOG")}
    };
    struct event event = {.step = &step};
    struct annotation annotation = annotated(book, "filter:INPUT:rule:1", &event);
    assert_ptr_equal(annotation.ruleset, first);
    assert_int_equal(annotation.meaning.action, ACTION_CONTINUE);
    event.capture_id = 9;
    assert_null(annotated(book, "filter:INPUT:rule:1", &event).ruleset);
    ruleset_unref(first);
    ruleset_unref(second);
    rulebook_free(book);
}

static void test_rules_in_force(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    const struct event event = {0};
    struct annotation annotation = annotated(book, "filter:INPUT:policy:2", &event);
    assert_null(annotation.ruleset);
    assert_int_equal(annotation.meaning.kind, MEANING_UNKNOWN);
    assert_false(annotation.undecided || annotation.said_rule || annotation.step);

    build_put_rules(book, RULES);
    annotation = annotated(book, "filter:INPUT:policy:2", &event);
    assert_ptr_equal(annotation.ruleset, rulebook_get(book, 4, TABLE_FILTER));
    assert_int_equal(annotation.meaning.kind, MEANING_POLICY);
    assert_int_equal(annotation.meaning.action, ACTION_DROP);
    assert_false(annotation.stale || annotation.undecided);
    rulebook_free(book);
}

/* A message from when either may have been in force is left open, unless it means the same in both. */
static void test_rules_that_changed_about_then(void **state)
{
    (void)state;
    struct rulebook *book = rulebook_new(false);
    const struct event event = {0};
    build_put_rules(book, RULES);
    rulebook_suspect(book, 4, 150);
    struct annotation annotation = annotated(book, "filter:INPUT:rule:1", &event);
    assert_null(annotation.ruleset);
    assert_int_equal(annotation.meaning.kind, MEANING_UNKNOWN);
    assert_int_equal(annotation.meaning.action, ACTION_MAYBE);
    assert_true(annotation.undecided);

    build_put_rules(book, "*filter\n:INPUT DROP\n-A INPUT -p udp -j LOG\n-A INPUT -j DROP\nCOMMIT\n");
    rulebook_settle(book, 4, 180);
    annotation = annotated(book, "filter:INPUT:rule:1", &event);
    assert_int_equal(annotation.meaning.kind, MEANING_RULE);
    assert_false(annotation.undecided);
    annotation = annotated(book, "filter:INPUT:policy:2", &event);
    assert_null(annotation.ruleset);
    assert_true(annotation.undecided);
    rulebook_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_of_a_file_without_rules),
        cmocka_unit_test(test_steps_of_a_file_with_rules),
        cmocka_unit_test(test_rules_in_force),
        cmocka_unit_test(test_rules_that_changed_about_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
