/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/rule_line.h"

static struct bytes text(const char *string)
{
    return string ? (struct bytes){(const uint8_t *)string, strlen(string)} : (struct bytes){0};
}

/* Null for `options`: the line is not made of chain and target. */
static void split(const char *line, const char *chain, const char *target, const char *options,
                  const char *target_options, bool is_goto)
{
    struct rule_line parts;
    uint8_t *copy = unit_copy(text(line));
    bool is_made = rule_line_split((struct bytes){copy, strlen(line)}, text(chain), text(target), &parts);
    if (is_made != (options != NULL))
        fail_msg("%s: %s", line, is_made ? "was split" : "was not split");
    if (is_made) {
        unit_assert_bytes(parts.options, text(options));
        unit_assert_bytes(parts.target_options, text(target_options));
        assert_int_equal(parts.is_goto, is_goto);
        assert_int_equal(rule_line_length(&parts), strlen(line));
        uint8_t *joined = malloc(strlen(line) + 1);
        rule_line_join(&parts, joined);
        assert_memory_equal(joined, line, strlen(line));
        free(joined);
    }
    free(copy);
}

static void test_rules(void **state)
{
    (void)state;
    split("-A INPUT", "INPUT", "", "", "", false);
    split("-A INPUT -i lo", "INPUT", "", "-i lo", "", false);
    split("-A INPUT -j DROP", "INPUT", "DROP", "", "", false);
    split("-A INPUT -i lo -j DROP", "INPUT", "DROP", "-i lo", "", false);
    split("-A a -g b", "a", "b", "", "", true);
    split("-A a -p tcp -j DNAT --to 1 --random", "a", "DNAT", "-p tcp", "--to 1 --random", false);
    split("-A a -m comment --comment \" -j b c\" -j b", "a", "b", "-m comment --comment \" -j b c\"", "",
          false);
    split("-A a -j bb -j b x", "a", "b", "-j bb", "x", false);
}

static void test_lines_that_are_left_as_they_are(void **state)
{
    (void)state;
    split("", "a", "b", NULL, NULL, false);
    split("-A", "a", "b", NULL, NULL, false);
    split("-A a", "a", "b", NULL, NULL, false);
    split("-A aa -j b", "a", "b", NULL, NULL, false);
    split("-A a -j bb", "a", "b", NULL, NULL, false);
    split("-A a -j b ", "a", "b", NULL, NULL, false);
    split("-A a ", "a", "", NULL, NULL, false);
    split("-A ax", "a", "", NULL, NULL, false);
    split("-P a b", "a", "b", NULL, NULL, false);
}

static void test_policies(void **state)
{
    (void)state;
    const struct rule_line parts = {.chain = BYTES("INPUT"), .target = BYTES("DROP"), .is_policy = true};
    uint8_t line[13];
    assert_int_equal(rule_line_length(&parts), sizeof line);
    rule_line_join(&parts, line);
    assert_memory_equal(line, "-P INPUT DROP", sizeof line);
    assert_true(rule_line_is_policy(BYTES("-P INPUT DROP"), parts.chain, parts.target));
    assert_false(rule_line_is_policy(BYTES("-P INPUT DROPS"), parts.chain, parts.target));
    assert_false(rule_line_is_policy(BYTES("-P INPUT"), parts.chain, parts.target));
    assert_false(rule_line_is_policy(BYTES("-A INPUT DROP"), parts.chain, parts.target));
}

/* All comment matches, each behind a bar, and nothing that only looks like one. */
static void comments(const char *rest, const char *wanted)
{
    struct bytes at = {(const uint8_t *)rest, strlen(rest)};
    struct rule_word comment;
    char found[256] = "";
    while (rule_line_next_comment(&at, &comment)) {
        char text[64] = "";
        size_t length = rule_line_unescape(comment.text, text);
        size_t end = strlen(found);
        snprintf(found + end, sizeof found - end, "|%.*s", (int)length, text);
    }
    assert_string_equal(found, wanted);
}

static void test_comments(void **state)
{
    (void)state;
    comments("", "");
    comments(" -p udp -j DROP", "");
    comments(" -m comment --comment a -j DROP", "|a");
    comments(
        " -m comment --comment \"cali:ThfJzx\" -m comment --comment \"Drop if no profiles matched\" -j DROP",
        "|cali:ThfJzx|Drop if no profiles matched");
    comments(" -m comment --comment \"a \\\"b\\\"\" -p udp -m comment --comment \"\" -m comment --comment c",
             "|a \"b\"||c");
    comments(" -m string --string \"--comment x\" --algo bm -j LOG --log-prefix \"--comment y \"", "");
    comments(" -i --comment -m comment --comment a", "|a");
    comments(" -m comment --comment \"not closed", "");
    comments(" -m comment --comment", "");
    comments(" -j LOG --comment z", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_lines_that_are_left_as_they_are),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
