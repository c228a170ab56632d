/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/cli/extcap.h"

#include "tests/unit/unit.h"

#include <errno.h>

#define ARGUMENTS_MAX 12

static int parse(struct extcap *extcap, const char *const *arguments, struct error *error)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"/usr/lib/wireshark/extcap/iptrace"};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    *error = (struct error){""};
    return extcap_parse(extcap, argc, argv, error);
}

static void who_is_called(void **state)
{
    (void)state;
    const struct {
        char *argv[3];
        int argc;
        bool is_extcap;
    } calls[] = {
        {{(char *)"/usr/lib/wireshark/extcap/iptrace"},                 1, true },
        {{(char *)"iptrace"},                                           1, true },
        {{(char *)"iptrace-record"},                                    1, false},
        {{(char *)"iptrace-record", (char *)"--extcap-interfaces"},     2, true },
        {{(char *)"iptrace-record", (char *)"--capture"},               2, true },
        {{(char *)"iptrace-record", (char *)"-w", (char *)"--capture"}, 3, false},
        {{NULL},                                                        0, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
        assert_int_equal(extcap_is_called(calls[i].argc, (char **)calls[i].argv), calls[i].is_extcap);
}

/* What Wireshark says, and the recorder's command line that is made of it. */
static const struct {
    const char *arguments[ARGUMENTS_MAX];
    const char *becomes;
} captures[] = {
    {{"--capture", "--extcap-interface", "iptrace", "--fifo", "/f"},                                           ""             },
    {{"--capture", "--extcap-interface", "iptrace-blue", "--fifo", "/f"},                                      " --netns blue"},
    {{"--capture", "--extcap-interface=iptrace-a-b", "--fifo=/f"},                                             " --netns a-b" },
    {{"--capture", "--extcap-interface", "iptrace", "--extcap-capture-filter", "tcp", "--fifo", "/f"},
     " --filter tcp"                                                                                                          },
    {{"--capture", "--extcap-interface", "iptrace", "--extcap-capture-filter", "tcp or udp", "--fifo", "/f",
      "--filter", "port 9"},
     " --filter (tcp or udp) and (port 9)"                                                                                    },
    {{"--capture", "--extcap-interface", "iptrace", "--fifo", "/f", "--family", "both", "--filter", "",
      "--limit", ""},
     ""                                                                                                                       },
    {{"--capture", "--extcap-interface", "iptrace", "--fifo", "/f", "--family", "6", "--lock"},                " -6 --lock"   },
    {{"--capture", "--extcap-interface", "iptrace", "--fifo", "/f", "--snapshot-length", "64", "--unlimited"},
     " --snapshot-length 64 --unlimited"                                                                                      },
};

static void captures_become_recordings(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(captures); i++) {
        struct extcap extcap;
        struct error error;
        assert_int_equal(parse(&extcap, captures[i].arguments, &error), 0);
        assert_int_equal(extcap.request, EXTCAP_CAPTURE);
        assert_string_equal(extcap.fifo, "/f");
        g_autofree char *line = g_strjoinv(" ", (char **)extcap.arguments->pdata);
        g_autofree char *expected =
            g_strconcat("iptrace-record --quiet --write -", captures[i].becomes, NULL);
        assert_string_equal(line, expected);
        extcap_done(&extcap);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    const struct {
        const char *arguments[ARGUMENTS_MAX];
        const char *words;
    } wrong[] = {
        {{NULL},                                                          "iptrace-record(8)"   },
        {{"--capture", "--fifo", "/f"},                                   "--extcap-interface"  },
        {{"--capture", "--extcap-interface", "iptrace"},                  "--fifo"              },
        {{"--capture", "--extcap-interface", "eth0", "--fifo", "/f"},     "\"eth0\""            },
        {{"--capture", "--extcap-interface", "iptrace-", "--fifo", "/f"}, "\"iptrace-\""        },
        {{"--extcap-dlts", "--extcap-interface", "iptraced"},             "\"iptraced\""        },
        {{"--extcap-interface", "iptrace", "--family", "5", "--capture"}, "\"5\""               },
        {{"--capture", "--fifo"},                                         "--fifo needs a value"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct extcap extcap;
        struct error error;
        assert_int_equal(parse(&extcap, wrong[i].arguments, &error), -EINVAL);
        if (!strstr(error.text, wrong[i].words))
            fail_msg("no %s in \"%s\"", wrong[i].words, error.text);
        extcap_done(&extcap);
    }
}

/* The answer to free(). */
static char *answer(const char *const *arguments)
{
    struct extcap extcap;
    struct error error;
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    assert_int_equal(parse(&extcap, arguments, &error), 0);
    assert_int_equal(extcap_answer(&extcap, file, &error), 0);
    extcap_done(&extcap);
    fclose(file);
    return text;
}

/* Every line is a sentence that Wireshark's parser takes: a word, then {name=value} without an end. */
static void answers_are_sentences(void **state)
{
    (void)state;
    static const char *const requests[][4] = {
        {"--extcap-interfaces", "--extcap-version=4.0"},
        { "--extcap-dlts", "--extcap-interface",              "iptrace"},
        { "--extcap-config", "--extcap-interface",              "iptrace"},
        { "--extcap-config", "--extcap-interface",         "iptrace-blue"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        char *text = answer(requests[i]);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        assert_true(g_strv_length(lines) > 1);
        for (char **line = lines; line[1]; line++)
            if (!g_regex_match_simple("^(extcap|interface|dlt|arg|value) (\\{[a-z]+=.*?\\})+$", *line, 0, 0))
                fail_msg("no sentence: %s", *line);
        free(text);
    }
}

static void filters_are_checked(void **state)
{
    (void)state;
    char *good = answer((const char *const[]){"--extcap-interface", "iptrace", "--extcap-capture-filter",
                                              "tcp port 80", NULL});
    char *bad = answer((const char *const[]){"--extcap-interface", "iptrace", "--extcap-capture-filter",
                                             "tcp prot 80", NULL});
    assert_string_equal(good, "");
    assert_non_null(strstr(bad, "tcp prot 80"));
    free(good);
    free(bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_called),       cmocka_unit_test(captures_become_recordings),
        cmocka_unit_test(says_what_is_wrong),  cmocka_unit_test(answers_are_sentences),
        cmocka_unit_test(filters_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
