/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "format/rule_line.h"
#include "recorder/legacy/walk/rule_text.h"

struct expected {
    const char *rest, *target, *comment;
    bool is_goto, escaped, bare;
};

static void test_lines(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {"",                                                     "",       "",               false, false, false},
        {" -j DROP",                                             "DROP",   "",               false, false, true },
        {" -g chain",                                            "chain",  "",               true,  false, true },
        {" -p tcp -j ACCEPT",                                    "ACCEPT", "",               false, false, false},
        {" -j REJECT --reject-with tcp-reset",                   "REJECT", "",               false, false, false},
        {" -i -j -j DROP",                                       "DROP",   "",               false, false, false},
        {" -m comment --comment x -j LOG --log-prefix \"-j A\"", "LOG",    "x",              false, false, false},
        {" -m comment --comment \"-j DROP\" -j ACCEPT",          "ACCEPT", "-j DROP",        false, false, false},
        {" -m comment --comment \"a \\\" -j DROP\" -j ACCEPT",   "ACCEPT", "a \\\" -j DROP", false, true,
         false                                                                                                  },
        {" -m comment --comment \"\" -j ACCEPT",                 "ACCEPT", "",               false, false, false},
        {" -m comment --comment a -m comment --comment b",       "",       "a",              false, false, false},
        {" -m string --string \"-j\" --algo bm -j DROP",         "DROP",   "",               false, false, false},
        {" -m recent --name -g --rsource -j DROP",               "DROP",   "",               false, false, false},
        {" -m hashlimit --hashlimit-name -j -j DROP",            "DROP",   "",               false, false, false},
        {" ! -s 10.0.0.0/8 -g a:b",                              "a:b",    "",               true,  false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rule_text rule;
        assert_true(rule_text_parse(build_text(rows[i].rest), &rule));
        unit_assert_bytes(rule.target, build_text(rows[i].target));
        unit_assert_bytes(rule.comment, build_text(rows[i].comment));
        assert_int_equal(rule.is_goto, rows[i].is_goto);
        assert_int_equal(rule.comment_escaped, rows[i].escaped);
        assert_int_equal(rule.bare, rows[i].bare);
    }
}

static void test_damage(void **state)
{
    (void)state;
    static const char *const rests[] = {" -j", " -m comment --comment \"open", " -m comment --comment \"x\\",
                                        " -j \"open", " -j DROP \"open"};
    struct rule_text rule;
    for (size_t i = 0; i < G_N_ELEMENTS(rests); i++)
        assert_false(rule_text_parse(build_text(rests[i]), &rule));
}

static void parse_any(struct bytes bytes)
{
    struct rule_text rule;
    rule_text_parse(bytes, &rule);
}

static void test_any_bytes(void **state)
{
    (void)state;
    struct bytes line = BYTES(" -m comment --comment \"a \\\" b\\\\\" -p tcp -j DNAT --to \"x y\"");
    unit_cut_everywhere(line, parse_any);
    unit_flip_everywhere(line, parse_any);
}

static void test_unescape(void **state)
{
    (void)state;
    char buffer[32];
    size_t length = rule_line_unescape(BYTES("a\\\"b\\\\c\\'d\\"), buffer);
    unit_assert_bytes((struct bytes){(uint8_t *)buffer, length}, BYTES("a\"b\\c'd\\"));
    assert_int_equal(rule_line_unescape(BYTES(""), buffer), 0);
}

static void test_imitations_of_trace(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool imitates;
    } rows[] = {
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 \"",                 true },
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 \" --nflog-size 64", true },
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 \" --nflog-group 0", true },
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:quo\\\"te:policy:4294967295 \"",  true },
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 \" --nflog-group 1", false},
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1\"",                  false},
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:drop:1 \"",                 false},
        {"-A INPUT -j NFLOG --nflog-prefix  ",                                               false},
        {"-A INPUT -j NFLOG --nflog-prefix \"TRACE: filter:INPUT:rule:1 ",                   false},
        {"-A INPUT -j NFLOG --nflog-group 5",                                                false},
        {"-A INPUT -j LOG --log-prefix \"TRACE: filter:INPUT:rule:1 \"",                     false},
        {"",                                                                                 false},
        {"-A INPUT -m comment --comment \" -j NFLOG --nflog-prefix x\" -j NFLOG --nflog-prefix \"TRACE: "
         "a:b:rule:1 \"",                                                           true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes line = {(const uint8_t *)rows[i].line, strlen(rows[i].line)};
        uint8_t *copy = unit_copy(line);
        line.data = copy;
        if (rule_text_imitates_trace(line) != rows[i].imitates)
            fail_msg("%s", rows[i].line);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_unescape),
        cmocka_unit_test(test_imitations_of_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
