/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/output/summary.h"

#include "tests/unit/unit.h"

static struct bytes of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* Counts a packet that the rule of that number and text decided; without a text nothing did. */
static void add(struct summary *summary, enum ip_family family, unsigned verdict, unsigned rulenum,
                const char *rule)
{
    char *text = g_strdup(rule ? rule : ""); /* what was given may be gone afterwards */
    struct step step = {.table = of("filter"), .chain = of("INPUT"), .rulenum = rulenum, .rule = of(text)};
    const struct finished_path path = {
        .family = family,
        .steps = &step,
        .count = 1,
        .head = {.verdict = verdict,
                 .reason = rule ? REASON_RULE : REASON_VANISHED_ROUTING,
                 .decided = rule ? 1 : 0},
    };
    summary_add(summary, &path);
    g_free(text);
}

static void counts_by_rule(void **state)
{
    (void)state;
    struct summary *summary = summary_new();
    for (unsigned i = 0; i < 12; i++)
        add(summary, 4, VERDICT_DROP, 3, "-A INPUT -j DROP");
    for (unsigned i = 0; i < 5; i++)
        add(summary, 6, VERDICT_DROP, 3, "-A INPUT -j DROP");
    add(summary, 4, VERDICT_DROP, 3, "-A INPUT -s 192.0.2.1/32 -j DROP"); /* another rule at this place */
    add(summary, 4, VERDICT_UNKNOWN, 0, NULL);
    add(summary, 4, VERDICT_UNKNOWN, 0, NULL);
    g_auto(GStrv) lines = summary_lines(summary, 3);
    assert_string_equal(lines[0], "        12  DROP by filter INPUT rule 3: -A INPUT -j DROP");
    assert_string_equal(lines[1], "         5  DROP by filter INPUT rule 3: -A INPUT -j DROP (IPv6)");
    assert_string_equal(lines[2], "         2  UNKNOWN (vanished: routing)");
    assert_string_equal(lines[3], "         1  by 1 other rules");
    assert_null(lines[4]);
    summary_free(summary);
}

static void bounded(void **state)
{
    (void)state;
    struct summary *summary = summary_new();
    for (unsigned i = 0; i < SUMMARY_RULES_MAX + 10; i++)
        add(summary, 4, VERDICT_ACCEPT, i, "-A INPUT -j ACCEPT");
    g_auto(GStrv) lines = summary_lines(summary, 1);
    assert_string_equal(lines[1], "      4105  by more than 4095 other rules");
    summary_free(summary);
}

static void empty(void **state)
{
    (void)state;
    struct summary *summary = summary_new();
    g_auto(GStrv) lines = summary_lines(summary, 20);
    assert_null(lines[0]);
    summary_free(summary);
    summary_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_rule),
        cmocka_unit_test(bounded),
        cmocka_unit_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
