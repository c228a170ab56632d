/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The command line. */
#include "recorder/cli/command_line.h"

#include "recorder/cli/option_values.h"
#include "recorder/core/filter.h"
#include "recorder/core/ownership.h"
#include "recorder/core/rate.h"
#include "recorder/system/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_BLOCKS = 256,
    OPTION_BACKEND,
    OPTION_NO_INSTALL,
    OPTION_LIMIT,
    OPTION_UNLIMITED,
    OPTION_LOCK,
    OPTION_RULES,
    OPTION_RULES6,
    OPTION_CLEANUP,
    OPTION_READY_FILE,
    OPTION_VERSION,
};

// clang-format off
/* Numbers below 256 are the short option. */
static const struct option_row {
    int number;
    const char *name, *argument, *help;
} rows[] = {
    {'w',                "write",           "FILE",              "write pcapng to FILE, or to standard output if\n"
                                                                 "FILE is -; by default, each packet's path is\n"
                                                                 "printed as text"},
    {'P',                "print",           NULL,                "print the text as well as writing a file"},
    {'f',                "filter",          "EXPRESSION",        "record only packets that match, in the syntax\n"
                                                                 "of pcap-filter(7); sees packets before DNAT.\n"
                                                                 "May also be given as the last arguments"},
    {'i',                "interface",       "NAME[,NAME]",       "record only packets received on these\n"
                                                                 "interfaces, and packets that this host itself\n"
                                                                 "sends out by them; any is every interface"},
    {'4',                "ipv4",            NULL,                "IPv4 only"},
    {'6',                "ipv6",            NULL,                "IPv6 only"},
    {'n',                "netns",           "NAME|PATH|PID",     "record in that network namespace; may be given\n"
                                                                 "several times"},
    {'c',                "count",           "N",                 "stop after N packets"},
    {'a',                "autostop",        "CONDITION",         "stop after duration:SECONDS, filesize:KB,\n"
                                                                 "packets:N or files:N"},
    {'b',                "ring-buffer",     "CONDITION",         "switch to the next file after duration:SECONDS,\n"
                                                                 "filesize:KB or packets:N; keep files:N of them"},
    {'s',                "snapshot-length", "N",                 "keep N bytes of each packet; 256 by default,\n"
                                                                 "0 keeps all"},
    {'B',                "buffer-size",     "MiB",               "socket receive buffer; 64 by default"},
    {OPTION_BLOCKS,      "blocks",          "auto|always|never", "write messages and rules as Custom Blocks;\n"
                                                                 "auto: to a file, but not to a pipe or terminal"},
    {OPTION_BACKEND,     "backend",         "auto|legacy",       "which rules to record; auto: those in use here;\n"
                                                                 "legacy: the legacy tables, even where only\n"
                                                                 "nftables has rules"},
    {OPTION_NO_INSTALL,  "no-install",      NULL,                "install no TRACE rule: record what your own\n"
                                                                 "rules trace"},
    {OPTION_LIMIT,       "limit",           "RATE",              "trace at most RATE packets, such as 10/second,\n"
                                                                 "for each hook of a family"},
    {OPTION_UNLIMITED,   "unlimited",       NULL,                "set no limit, however expensive tracing is for\n"
                                                                 "the kernel"},
    {OPTION_LOCK,        "lock",            NULL,                "hold the xtables lock while recording, so that\n"
                                                                 "no rule can change"},
    {'r',                "read",            "FILE",              "read the messages from FILE: a capture of link\n"
                                                                 "type NFLOG, or one made by iptrace-record"},
    {OPTION_RULES,       "rules",           "FILE",              "with -r: the rules, as iptables-save output"},
    {OPTION_RULES6,      "rules6",          "FILE",              "with -r: the same, from ip6tables-save"},
    {OPTION_CLEANUP,     "cleanup",         NULL,                "remove what a killed recorder left behind, and\n"
                                                                 "exit"},
    {OPTION_READY_FILE,  "ready-file",      "FILE",              "create FILE once every packet from then on is\n"
                                                                 "recorded"},
    {'q',                "quiet",           NULL,                "report errors only"},
    {'v',                "verbose",         NULL,                "report what is being done"},
    {OPTION_VERSION,     "version",         NULL,                "print the version and exit"},
    {'h',                "help",            NULL,                "print this help and exit"},
};
// clang-format on

void options_print_help(FILE *file)
{
    fputs("Usage: iptrace-record [options] [filter expression]\n"
          "Records which iptables rules each packet meets, for Wireshark or as text.\n\n",
          file);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char left[64];
        const struct option_row *row = &rows[i];
        snprintf(left, sizeof left, "%c%c%c --%s%s%s", row->number < 256 ? '-' : ' ',
                 row->number < 256 ? row->number : ' ', row->number < 256 ? ',' : ' ', row->name,
                 row->argument ? " " : "", row->argument ? row->argument : "");
        g_auto(GStrv) lines = g_strsplit(row->help, "\n", -1);
        fprintf(file, "  %-30s %s\n", left, lines[0]);
        for (char **line = lines + 1; *line; line++)
            fprintf(file, "  %-30s %s\n", "", *line);
    }
    fputs("\nLive view: iptrace-record -w - | wireshark -k -i -\n", file);
}

/* ---- Options ---- */

static int take_option(struct options *options, int number, const char *value, struct error *error)
{
    uint64_t size;
    uint32_t average;
    int result = 0;
    switch (number) {
    case 'w':
        option_set_text(&options->write, value);
        break;
    case 'P':
        options->print = true;
        break;
    case 'f':
        option_set_text(&options->filter, value);
        break;
    case 'i':
        return option_add_names(options->interfaces, "-i", value, error);
    case '4':
        options->ipv4 = true;
        break;
    case '6':
        options->ipv6 = true;
        break;
    case 'n':
        g_ptr_array_insert(options->namespaces, (gint)options->namespaces->len - 1, g_strdup(value));
        break;
    case 'c':
        return option_number("-c", value, 1, UINT64_MAX, &options->count, error);
    case 'a':
        return option_bound("-a", value, &options->autostop, error);
    case 'b':
        options->has_ring = true;
        return option_bound("-b", value, &options->ring, error);
    case 's':
        result = option_number("-s", value, 0, 65535, &size, error);
        options->snapshot_length = result == 0 ? (uint32_t)size : 0;
        return result;
    case 'B':
        result = option_number("-B", value, 1, 2047, &size, error);
        options->buffer_mib = result == 0 ? (uint32_t)size : 0;
        return result;
    case OPTION_BLOCKS:
        return option_blocks(value, &options->blocks, error);
    case OPTION_BACKEND:
        return option_backend(value, &options->backend, error);
    case OPTION_NO_INSTALL:
        options->no_install = true;
        break;
    case OPTION_LIMIT:
        option_set_text(&options->limit, value);
        return rate_parse(value, &average, error);
    case OPTION_UNLIMITED:
        options->unlimited = true;
        break;
    case OPTION_LOCK:
        options->lock = true;
        break;
    case 'r':
        option_set_text(&options->read, value);
        options->mode = MODE_REPLAY;
        break;
    case OPTION_RULES:
        option_set_text(&options->rules, value);
        break;
    case OPTION_RULES6:
        option_set_text(&options->rules6, value);
        break;
    case OPTION_CLEANUP:
        options->mode = MODE_CLEANUP;
        break;
    case OPTION_READY_FILE:
        option_set_text(&options->ready_file, value);
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'v':
        options->verbose = true;
        break;
    case OPTION_VERSION:
        options->mode = MODE_VERSION;
        break;
    case 'h':
        options->mode = MODE_HELP;
        break;
    }
    return 0;
}

/* ---- The whole ---- */

static void make_getopt_tables(GString *letters, GArray *longs)
{
    g_string_append(letters, ":");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct option row = {rows[i].name, rows[i].argument ? required_argument : no_argument, NULL,
                             rows[i].number};
        g_array_append_val(longs, row);
        if (rows[i].number < 256)
            g_string_append_printf(letters, "%c%s", rows[i].number, rows[i].argument ? ":" : "");
    }
}

static bool is_row(int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (rows[i].number == number)
            return true;
    return false;
}

/* What a recording from the kernel needs, and a file has behind it. */
static const char *live_option(const struct options *options)
{
    return options->filter                ? "a filter"
           : options->interfaces->len > 1 ? "-i"
           : options->namespaces->len > 1 ? "-n"
           : options->ipv4                ? "-4"
           : options->ipv6                ? "-6"
           : options->backend             ? "--backend"
           : options->no_install          ? "--no-install"
           : options->limit               ? "--limit"
           : options->unlimited           ? "--unlimited"
           : options->lock                ? "--lock"
           : options->ready_file          ? "--ready-file"
                                          : NULL;
}

/* What goes into our own rules. */
static const char *rule_option(const struct options *options)
{
    return options->filter                ? "a filter"
           : options->interfaces->len > 1 ? "-i"
           : options->limit               ? "--limit"
                                          : NULL;
}

/* --cleanup looks everywhere, or where -n says, whatever the family. */
static const char *recording_option(const struct options *options)
{
    return options->write                 ? "-w"
           : options->filter              ? "a filter"
           : options->interfaces->len > 1 ? "-i"
           : options->ready_file          ? "--ready-file"
                                          : NULL;
}

static int check_together(const struct options *options, struct error *error)
{
    if (options->has_ring && (!options->write || strcmp(options->write, "-") == 0))
        return error_set(error, EINVAL, "-b switches to the next file, so it needs -w FILE");
    if (options->has_ring && options->ring.duration_s == 0 && options->ring.filesize_kb == 0 &&
        options->ring.packets == 0)
        return error_set(error, EINVAL, "-b files:N needs duration:, filesize: or packets: as well");
    if (options->autostop.files > 0 && !options->has_ring)
        return error_set(error, EINVAL, "-a files:N needs -b, which writes several files");
    if ((options->rules || options->rules6) && options->mode != MODE_REPLAY)
        return error_set(error, EINVAL,
                         "--rules and --rules6 are for -r: a live recording reads the rules from the kernel");
    if (options->mode == MODE_REPLAY && live_option(options))
        return error_set(error, EINVAL, "%s is for recording from the kernel, not for -r \"%s\"",
                         live_option(options), options->read);
    if (options->no_install && rule_option(options))
        return error_set(error, EINVAL,
                         "%s would be part of the recorder's own TRACE rules, and --no-install installs none",
                         rule_option(options));
    if (options->mode == MODE_CLEANUP && recording_option(options))
        return error_set(error, EINVAL, "%s is for recording, and --cleanup does not record",
                         recording_option(options));
    if (options->print && options->write && strcmp(options->write, "-") == 0)
        return error_set(error, EINVAL, "-P prints to standard output, which -w - already writes to");
    if (options->limit && options->unlimited)
        return error_set(error, EINVAL, "--limit and --unlimited contradict each other");
    return 0;
}

/* tcpdump's name for all of them. */
static void take_any(GPtrArray *interfaces)
{
    if (g_strv_contains((const char *const *)interfaces->pdata, "any"))
        g_ptr_array_remove_range(interfaces, 0, interfaces->len - 1);
}

static bool has_capture_suffix(const char *path)
{
    static const char *const suffixes[] = {".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcapng.gz"};
    g_autofree char *lower = g_ascii_strdown(path, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(lower, suffixes[i]))
            return true;
    return false;
}

/* pcapng's section header, or pcap's magic number of either time and byte order. */
static bool has_capture_magic(const char *path)
{
    static const uint32_t magics[] = {0x0a0d0d0a, 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1};
    CLEANUP_CLOSE int fd = named_file_open(path, O_RDONLY | O_NONBLOCK, 0);
    uint32_t magic;
    if (fd < 0 || read(fd, &magic, sizeof magic) != sizeof magic)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (magic == magics[i])
            return true;
    return false;
}

static int capture_file_error(const char *path, struct error *error)
{
    return error_set(error, EINVAL,
                     "\"%s\" is a capture file, not a filter: -r reads a file, and -w writes one", path);
}

/* Compiled again where it is used: what is wrong with it is wrong with the command line. `word`: the lone
 * argument, or null. */
static int check_filter(const struct options *options, const char *word, struct error *error)
{
    struct filter filter;
    if (!options->filter || options->mode != MODE_RECORD)
        return 0;
    if (filter_compile(options->filter, &filter, error) < 0) {
        if (word && has_capture_magic(word))
            return capture_file_error(word, error);
        return -EINVAL;
    }
    filter_done(&filter);
    return 0;
}

static int take_expression(struct options *options, int argc, char **argv, struct error *error)
{
    if (optind == argc)
        return 0;
    g_autofree char *expression = g_strjoinv(" ", argv + optind);
    if (options->filter)
        return error_set(error, EINVAL, "two filters, -f \"%s\" and \"%s\": expected one", options->filter,
                         expression);
    options->filter = g_steal_pointer(&expression);
    return 0;
}

/* `-nn` and `-nni eth0` say to tcpdump that nothing is to be given a name. To getopt the rest of such a word
 * is the namespace of -n: `letters` are then further options, of which the last may take a value. */
static bool is_reflex(const char *letters)
{
    size_t length = strspn(letters, "n");
    length += strspn(letters + length, "46Pqv");
    if (letters[length] && strchr("abcfirswB", letters[length]))
        length++;
    return letters[0] == 'n' && letters[length] == '\0';
}

static int take_reflex(struct options *options, const char *letters, int argc, char **argv,
                       struct error *error)
{
    int result = 0;
    for (letters += strspn(letters, "n"); result == 0 && *letters; letters++) {
        bool has_value = !strchr("46Pqv", *letters);
        if (has_value && optind == argc)
            return error_set(error, EINVAL, "-%c needs a value; see --help", *letters);
        result = take_option(options, *letters, has_value ? argv[optind++] : "", error);
    }
    return result;
}

/* Whether getopt found the value within the word of the option, and not in the next one. */
static bool is_attached(const char *value, const char *word)
{
    return word[0] == '-' && word[1] != '-' && value != word;
}

int options_parse(struct options *options, int argc, char **argv, struct error *error)
{
    *options = (struct options){.snapshot_length = 256, .buffer_mib = 64};
    options->interfaces = g_ptr_array_new_with_free_func(g_free);
    options->namespaces = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(options->interfaces, NULL);
    g_ptr_array_add(options->namespaces, NULL);

    g_autoptr(GString) letters = g_string_new(NULL);
    g_autoptr(GArray) longs = g_array_new(TRUE, TRUE, sizeof(struct option));
    make_getopt_tables(letters, longs);
    optind = 0;
    int number;
    while ((number = getopt_long(argc, argv, letters->str, (struct option *)longs->data, NULL)) != -1) {
        if (number == ':')
            return error_set(error, EINVAL, "%s needs a value; see --help", argv[optind - 1]);
        if (number == '?' && is_row(optopt))
            return error_set(error, EINVAL, "%s: the option takes no value; see --help", argv[optind - 1]);
        if (number == '?' && optopt != 0)
            return error_set(error, EINVAL, "there is no option -%c; see --help", optopt);
        if (number == '?')
            return error_set(error, EINVAL, "there is no option %s; see --help", argv[optind - 1]);
        int result = number == 'n' && is_attached(optarg, argv[optind - 1]) && is_reflex(optarg)
                         ? take_reflex(options, optarg, argc, argv, error)
                         : take_option(options, number, optarg, error);
        if (result < 0)
            return result;
    }
    const char *word = argc - optind == 1 ? argv[optind] : NULL;
    take_any(options->interfaces);
    int result = take_expression(options, argc, argv, error);
    if (result == 0 && word && has_capture_suffix(word))
        result = capture_file_error(word, error);
    if (result == 0)
        result = check_together(options, error);
    if (result == 0)
        result = check_filter(options, word, error);
    options->families_asked = options->ipv4 || options->ipv6;
    if (!options->families_asked)
        options->ipv4 = options->ipv6 = true;
    return result;
}

void options_done(struct options *options)
{
    g_free(options->write);
    g_free(options->filter);
    g_free(options->limit);
    g_free(options->read);
    g_free(options->rules);
    g_free(options->rules6);
    g_free(options->ready_file);
    g_ptr_array_unref(options->interfaces);
    g_ptr_array_unref(options->namespaces);
}
