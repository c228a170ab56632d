/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/cli/command_line.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8

static int parse(struct options *options, const char *const *arguments, struct error *error)
{
    char *argv[ARGUMENTS_MAX + 2] = {(char *)"iptrace-record"};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    *error = (struct error){""};
    return options_parse(options, argc, argv, error);
}

/* ---- What is wrong ---- */

/* Each sentence names the value and what was expected. */
static const struct {
    const char *arguments[ARGUMENTS_MAX];
    const char *words[3];
} wrong[] = {
    {{"-c", "0"},                             {"-c", "\"0\"", "from 1 to"}                         },
    {{"-c", "many"},                          {"-c", "\"many\"", "number"}                         },
    {{"-c", "-3"},                            {"-c", "\"-3\"", "number"}                           },
    {{"-c", "10 "},                           {"-c", "\"10 \"", "number"}                          },
    {{"-c", ""},                              {"-c", "\"\"", "number"}                             },
    {{"-c", "18446744073709551616"},          {"-c", "18446744073709551616", "from 1 to"}          },
    {{"-s", "65536"},                         {"-s", "\"65536\"", "from 0 to 65535"}               },
    {{"-B", "0"},                             {"-B", "\"0\"", "from 1 to 2047"}                    },
    {{"-B", "2048"},                          {"-B", "\"2048\"", "from 1 to 2047"}                 },
    {{"-a", "10"},                            {"-a", "\"10\"", "duration:SECONDS"}                 },
    {{"-a", "time:10"},                       {"-a", "\"time:10\"", "packets:N"}                   },
    {{"-a", "duration:soon"},                 {"-a", "\"soon\"", "seconds"}                        },
    {{"-a", "duration:0"},                    {"-a", "\"0\"", "seconds"}                           },
    {{"-a", "duration:nan"},                  {"-a", "\"nan\"", "seconds"}                         },
    {{"-a", "filesize:1k"},                   {"-a", "\"1k\"", "number"}                           },
    {{"-a", "packets:0"},                     {"-a", "\"0\"", "from 1"}                            },
    {{"-a", "files:2"},                       {"-a files:N", "needs -b"}                           },
    {{"-b", "files:2", "-w", "x"},            {"-b files:N", "needs duration:", "packets:"}        },
    {{"-b", "packets:2"},                     {"-b", "needs -w FILE"}                              },
    {{"-b", "packets:2", "-w", "-"},          {"-b", "needs -w FILE"}                              },
    {{"-b", "size:2", "-w", "x"},             {"-b", "\"size:2\"", "filesize:KB"}                  },
    {{"-i", "eth0,,eth1"},                    {"-i", "\"eth0,,eth1\"", "names"}                    },
    {{"-i", ""},                              {"-i", "\"\"", "names"}                              },
    {{"--blocks", "yes"},                     {"--blocks", "\"yes\"", "auto, always or never"}     },
    {{"-f", "tcp", "udp"},                    {"\"tcp\"", "\"udp\"", "expected one"}               },
    {{"--rules", "x"},                        {"--rules", "-r"}                                    },
    {{"--rules6", "x"},                       {"--rules6", "-r"}                                   },
    {{"-P", "-w", "-"},                       {"-P", "-w -"}                                       },
    {{"--limit", "1/second", "--unlimited"},  {"--limit", "--unlimited", "contradict"}             },
    {{"-r", "x", "tcp"},                      {"a filter", "-r", "\"x\""}                          },
    {{"-r", "x", "-i", "eth0"},               {"-i", "-r"}                                         },
    {{"-r", "x", "-n", "blue"},               {"-n", "-r"}                                         },
    {{"-r", "x", "-4"},                       {"-4", "-r"}                                         },
    {{"-r", "x", "--lock"},                   {"--lock", "-r"}                                     },
    {{"--limit", "10/fortnight"},             {"\"10/fortnight\"", "/second"}                      },
    {{"--limit", "0/second"},                 {"\"0/second\"", "from 1"}                           },
    {{"--limit", "10001/second"},             {"\"10001/second\"", "10000/second"}                 },
    {{"--no-install", "udp"},                 {"a filter", "--no-install"}                         },
    {{"--no-install", "-i", "eth0"},          {"-i", "--no-install"}                               },
    {{"--no-install", "--limit", "1/second"}, {"--limit", "--no-install"}                          },
    {{"--cleanup", "-w", "x"},                {"-w", "--cleanup"}                                  },
    {{"--cleanup", "udp"},                    {"a filter", "--cleanup"}                            },
    {{"--quiet=5"},                           {"--quiet=5", "takes no value"}                      },
    {{"-w"},                                  {"-w", "needs a value"}                              },
    {{"--write"},                             {"--write", "needs a value"}                         },
    {{"-Pw"},                                 {"w", "needs a value"}                               },
    {{"-x"},                                  {"no option -x", "--help"}                           },
    {{"--no-such"},                           {"no option --no-such", "--help"}                    },
    {{"--lock=1"},                            {"--lock=1", "takes no value"}                       },
    {{"trace.pcapng"},                        {"\"trace.pcapng\"", "-r", "-w"}                     },
    {{"-c", "5", "/tmp/a b.PCAP"},            {"\"/tmp/a b.PCAP\"", "-r", "-w"}                    },
    {{"-r", "x", "y.pcap.gz"},                {"\"y.pcap.gz\"", "-r", "-w"}                        },
    {{"tcp", "prot", "80"},                   {"'tcp prot 80'", "prot 80"}                         },
    {{"-f", "udp and"},                       {"'udp and'", "syntax error"}                        },
    {{"--no-install", "-i", "eth0,x"},        {"-i", "--no-install"}                               },
    {{"-nnw"},                                {"-w", "needs a value"}                              },
    {{"-n"},                                  {"-n", "needs a value"}                              },
    {{"--backend", "nft"},                    {"--backend nft", "cannot be recorded yet", "legacy"}},
    {{"--backend", "iptables"},               {"auto or legacy", "iptables"}                       },
    {{"--backend", "legacy", "-r", "x"},      {"--backend", "-r"}                                  },
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct options options;
        struct error error;
        int result = parse(&options, wrong[i].arguments, &error);
        options_done(&options);
        if (result != -EINVAL)
            fail_msg("%s %s was taken", wrong[i].arguments[0],
                     wrong[i].arguments[1] ? wrong[i].arguments[1] : "");
        for (size_t k = 0; k < G_N_ELEMENTS(wrong[i].words) && wrong[i].words[k]; k++)
            if (!strstr(error.text, wrong[i].words[k]))
                fail_msg("no \"%s\" in \"%s\"", wrong[i].words[k], error.text);
    }
}

/* ---- What is right ---- */

static void defaults(void **state)
{
    (void)state;
    struct options options;
    struct error error;
    assert_int_equal(parse(&options, (const char *const[]){NULL}, &error), 0);
    assert_int_equal(options.mode, MODE_RECORD);
    assert_null(options.write);
    assert_null(options.filter);
    assert_int_equal(options.interfaces->len, 1);
    assert_int_equal(options.namespaces->len, 1);
    assert_true(options.ipv4 && options.ipv6);
    assert_int_equal(options.snapshot_length, 256);
    assert_int_equal(options.buffer_mib, 64);
    assert_int_equal(options.blocks, BLOCKS_AUTO);
    assert_false(options.has_ring || options.print || options.no_install || options.unlimited ||
                 options.lock);
    options_done(&options);
}

/* Each option, by one of its names at least. */
static void takes_every_option(void **state)
{
    (void)state;
    struct options o;
    struct error error;
#define PARSED(...) assert_int_equal(parse(&o, (const char *const[]){__VA_ARGS__, NULL}, &error), 0)
#define CHECK(condition, ...)                                                                                \
    do {                                                                                                     \
        PARSED(__VA_ARGS__);                                                                                 \
        assert_true(condition);                                                                              \
        options_done(&o);                                                                                    \
    } while (0)
    CHECK(strcmp(o.write, "x") == 0, "-w", "x");
    CHECK(strcmp(o.write, "x") == 0, "--write=x");
    CHECK(strcmp(o.write, "y") == 0, "-w", "x", "-w", "y");
    CHECK(o.print, "-P", "-w", "x");
    CHECK(strcmp(o.filter, "tcp port 80") == 0, "-f", "tcp port 80");
    CHECK(strcmp(o.filter, "tcp port 80") == 0, "tcp", "port", "80");
    CHECK(strcmp(o.filter, "tcp port 80") == 0 && o.count == 5, "tcp", "port", "80", "-c", "5");
    CHECK(o.interfaces->len == 4 && strcmp(o.interfaces->pdata[2], "c") == 0, "-i", "a,b", "-i", "c");
    CHECK(o.ipv4 && !o.ipv6, "-4");
    CHECK(!o.ipv4 && o.ipv6, "--ipv6");
    CHECK(o.ipv4 && o.ipv6, "-46");
    CHECK(o.namespaces->len == 3 && strcmp(o.namespaces->pdata[1], "7") == 0, "-n", "blue", "--netns", "7");
    CHECK(o.autostop.duration_s == 1.5, "-a", "duration:1.5");
    CHECK(o.autostop.filesize_kb == 100 && o.autostop.packets == 7, "-a", "filesize:100", "-a", "packets:7");
    CHECK(o.ring.packets == 2 && o.ring.files == 3 && o.has_ring, "-w", "x", "-b", "packets:2", "-b",
          "files:3");
    CHECK(o.autostop.files == 4, "-w", "x", "-b", "duration:2", "-a", "files:4");
    CHECK(o.snapshot_length == 0, "-s", "0");
    CHECK(o.buffer_mib == 128, "--buffer-size", "128");
    CHECK(o.blocks == BLOCKS_NEVER, "--blocks", "never");
    CHECK(o.no_install, "--no-install");
    CHECK(o.backend == BACKEND_CHOICE_LEGACY, "--backend", "legacy");
    CHECK(o.backend == BACKEND_CHOICE_AUTO && !o.families_asked, "--backend", "auto");
    CHECK(o.families_asked && o.ipv6 && !o.ipv4, "-6");
    CHECK(o.families_asked && o.ipv6 && o.ipv4, "-6", "-4");
    CHECK(strcmp(o.limit, "10/second") == 0, "--limit", "10/second");
    CHECK(o.unlimited, "--unlimited");
    CHECK(o.lock, "--lock");
    CHECK(o.mode == MODE_REPLAY && strcmp(o.rules, "a") == 0 && strcmp(o.rules6, "b") == 0, "-r", "x",
          "--rules", "a", "--rules6", "b");
    CHECK(o.mode == MODE_CLEANUP, "--cleanup");
    CHECK(strcmp(o.ready_file, "x") == 0, "--ready-file", "x");
    CHECK(o.quiet && !o.verbose, "-q");
    CHECK(o.verbose, "-v");
    CHECK(o.mode == MODE_VERSION, "--version");
    CHECK(o.mode == MODE_HELP, "--help");
}

/* What the hands of tcpdump's and dumpcap's users type by themselves. */
static void takes_reflexes(void **state)
{
    (void)state;
    struct options o;
    struct error error;
#define NONE(array) ((array)->len == 1 && !(array)->pdata[0])
    CHECK(NONE(o.interfaces), "-i", "any");
    CHECK(NONE(o.interfaces), "-i", "any", "-i", "eth0");
    CHECK(NONE(o.interfaces), "-i", "eth0,any");
    CHECK(NONE(o.interfaces), "--no-install", "-i", "any");
    CHECK(NONE(o.interfaces) && o.mode == MODE_REPLAY, "-r", "x", "-i", "any");
    CHECK(o.interfaces->len == 2, "-i", "any0");
    CHECK(NONE(o.namespaces), "-nn");
    CHECK(NONE(o.namespaces) && o.count == 5, "-nnn", "-c", "5");
    CHECK(NONE(o.namespaces) && strcmp(o.filter, "udp") == 0, "-nn", "udp");
    CHECK(NONE(o.namespaces) && strcmp(o.filter, "tcp port 80") == 0, "tcp", "-nn", "port", "80");
    CHECK(NONE(o.namespaces) && o.interfaces->len == 2 && strcmp(o.interfaces->pdata[0], "eth0") == 0, "-nni",
          "eth0");
    CHECK(o.interfaces->len == 2 && strcmp(o.filter, "tcp port 80") == 0 && o.count == 5, "tcp", "-nni",
          "eth0", "port", "-c", "5", "80");
    CHECK(NONE(o.namespaces) && o.verbose && o.print && strcmp(o.write, "x") == 0, "-vnnPw", "x");
    CHECK(NONE(o.namespaces) && o.mode == MODE_REPLAY && strcmp(o.read, "x") == 0, "-nnr", "x");
    CHECK(o.namespaces->len == 2 && strcmp(o.namespaces->pdata[0], "n") == 0, "-n", "n");
    CHECK(o.namespaces->len == 2 && strcmp(o.namespaces->pdata[0], "nn") == 0, "-n", "nn");
    CHECK(o.namespaces->len == 2 && strcmp(o.namespaces->pdata[0], "net1") == 0, "-nnet1");
    CHECK(o.namespaces->len == 2 && strcmp(o.namespaces->pdata[0], "n") == 0, "--netns=n");
    CHECK(strcmp(o.write, "-nn") == 0, "-w", "-nn");
    CHECK(o.mode == MODE_HELP, "-h");
}

/* A word that is a filter stays one, whatever is called the same. */
static void knows_a_capture_file(void **state)
{
    (void)state;
    struct options o;
    struct error error;
    g_autofree char *directory = g_dir_make_tmp("iptrace-options-XXXXXX", NULL);
    g_autofree char *here = g_get_current_dir();
    const char pcap[] = "\xd4\xc3\xb2\xa1\2\0\4";
    assert_int_equal(chdir(directory), 0);
    assert_true(g_file_set_contents("udp", pcap, sizeof pcap, NULL));
    assert_true(g_file_set_contents("monday", pcap, sizeof pcap, NULL));
    CHECK(strcmp(o.filter, "udp") == 0, "udp");
    assert_int_equal(parse(&o, (const char *const[]){"monday", NULL}, &error), -EINVAL);
    options_done(&o);
    assert_non_null(strstr(error.text, "\"monday\" is a capture file"));
    assert_non_null(strstr(error.text, "-r"));
    assert_int_equal(unlink("udp"), 0);
    assert_int_equal(unlink("monday"), 0);
    assert_int_equal(chdir(here), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    options_print_help(file);
    fclose(file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (strlen(*line) > 100)
            fail_msg("too long: %s", *line);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),   cmocka_unit_test(defaults),
        cmocka_unit_test(takes_every_option),   cmocka_unit_test(takes_reflexes),
        cmocka_unit_test(knows_a_capture_file), cmocka_unit_test(help_fits_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
