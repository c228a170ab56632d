/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The kernel's counters of packets that IP itself dropped. */
#include "recorder/system/ip_counters.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "recorder/core/ownership.h"

/* clang-format off */
static const struct counter {
    const char *group; /* the word a line of netstat or snmp begins with; null: a line of snmp6 */
    const char *name;
    const char *field;
    bool routing;      /* counted between PREROUTING and INPUT or FORWARD */
    const char *meaning;
} counters[IP_COUNTER_COUNT] = {
    [IP_IN_NO_ROUTES]        = {"IpExt",  "InNoRoutes",          "IPTRACE_IP_IN_NO_ROUTES",         true,  "without a route"},
    [IP_REVERSE_PATH_FILTER] = {"TcpExt", "IPReversePathFilter", "IPTRACE_IP_REVERSE_PATH_FILTER",  true,  "from a source that is routed another way (rp_filter)"},
    [IP_IN_ADDR_ERRORS]      = {"Ip",     "InAddrErrors",        "IPTRACE_IP_IN_ADDR_ERRORS",       true,  "for other hosts while forwarding is off or for invalid addresses"},
    [IP_IN_HDR_ERRORS]       = {"Ip",     "InHdrErrors",         "IPTRACE_IP_IN_HDR_ERRORS",        true,  "with their TTL exceeded or a bad header"},
    [IP_IN_TRUNCATED]        = {"IpExt",  "InTruncatedPkts",     "IPTRACE_IP_IN_TRUNCATED",         false, "shorter than their header says"},
    [IP_IN_CSUM_ERRORS]      = {"IpExt",  "InCsumErrors",        "IPTRACE_IP_IN_CSUM_ERRORS",       false, "with a bad header checksum"},
    [IP_IN_DISCARDS]         = {"Ip",     "InDiscards",          "IPTRACE_IP_IN_DISCARDS",          true,  "received and discarded"},
    [IP_FRAG_FAILS]          = {"Ip",     "FragFails",           "IPTRACE_IP_FRAG_FAILS",           true,  "too large for the next link and not to be fragmented"},
    [IP_OUT_NO_ROUTES]       = {"Ip",     "OutNoRoutes",         "IPTRACE_IP_OUT_NO_ROUTES",        false, "sent by this host without a route"},
    [IP_OUT_DISCARDS]        = {"Ip",     "OutDiscards",         "IPTRACE_IP_OUT_DISCARDS",         false, "discarded on their way out"},
    [IP6_IN_NO_ROUTES]       = {NULL,     "Ip6InNoRoutes",       "IPTRACE_IP6_IN_NO_ROUTES",        true,  "without a route"},
    [IP6_IN_ADDR_ERRORS]     = {NULL,     "Ip6InAddrErrors",     "IPTRACE_IP6_IN_ADDR_ERRORS",      true,  "for other hosts while forwarding is off or for invalid addresses"},
    [IP6_IN_HDR_ERRORS]      = {NULL,     "Ip6InHdrErrors",      "IPTRACE_IP6_IN_HDR_ERRORS",       true,  "with their hop limit exceeded or a bad header"},
    [IP6_IN_TOO_BIG_ERRORS]  = {NULL,     "Ip6InTooBigErrors",   "IPTRACE_IP6_IN_TOO_BIG_ERRORS",   true,  "too large for the next link"},
    [IP6_IN_TRUNCATED]       = {NULL,     "Ip6InTruncatedPkts",  "IPTRACE_IP6_IN_TRUNCATED",        false, "shorter than their header says"},
    [IP6_IN_DISCARDS]        = {NULL,     "Ip6InDiscards",       "IPTRACE_IP6_IN_DISCARDS",         true,  "received and discarded"},
    [IP6_FRAG_FAILS]         = {NULL,     "Ip6FragFails",        "IPTRACE_IP6_FRAG_FAILS",          true,  "that could not be fragmented"},
    [IP6_OUT_NO_ROUTES]      = {NULL,     "Ip6OutNoRoutes",      "IPTRACE_IP6_OUT_NO_ROUTES",       false, "sent by this host without a route"},
    [IP6_OUT_DISCARDS]       = {NULL,     "Ip6OutDiscards",      "IPTRACE_IP6_OUT_DISCARDS",        false, "discarded on their way out"},
};
/* clang-format on */

const char *ip_counter_field(enum ip_counter counter)
{
    return counters[counter].field;
}

/* ---- Reading ---- */

static void add(struct ip_counters *sum, const char *group, const char *name, const char *value)
{
    uint64_t count;
    for (size_t i = 0; i < IP_COUNTER_COUNT; i++)
        if (g_strcmp0(counters[i].group, group) == 0 && strcmp(counters[i].name, name) == 0 &&
            g_ascii_string_to_unsigned(value, 10, 0, UINT64_MAX, &count, NULL))
            sum->value[i] += count;
}

/* `Ip: name …` and, in the line below, `Ip: value …`. */
static void parse_pair(const char *names, const char *values, struct ip_counters *sum)
{
    g_auto(GStrv) name = g_strsplit(names, " ", -1);
    g_auto(GStrv) value = g_strsplit(values, " ", -1);
    if (!name[0] || !value[0] || strcmp(name[0], value[0]) != 0)
        return;
    name[0][strlen(name[0]) - 1] = '\0'; /* the colon */
    for (size_t i = 1; name[i] && value[i]; i++)
        add(sum, name[0], name[i], value[i]);
}

void ip_counters_parse(const char *text, struct ip_counters *sum)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        size_t word = strcspn(*line, " \t");
        if (word > 1 && (*line)[word - 1] == ':') {
            if (!line[1])
                return;
            parse_pair(line[0], line[1], sum);
            line++;
        } else if ((*line)[word] != '\0') {
            g_autofree char *name = g_strndup(*line, word);
            add(sum, NULL, name, g_strstrip(*line + word));
        }
    }
}

void ip_counter_files_open(struct ip_counter_files *ret_files)
{
    *ret_files = (struct ip_counter_files){
        .netstat = open("/proc/thread-self/net/netstat", O_RDONLY | O_CLOEXEC),
        .snmp = open("/proc/thread-self/net/snmp", O_RDONLY | O_CLOEXEC),
        .snmp6 = open("/proc/thread-self/net/snmp6", O_RDONLY | O_CLOEXEC),
    };
}

void ip_counter_files_close(struct ip_counter_files *files)
{
    cleanup_close(&files->netstat);
    cleanup_close(&files->snmp);
    cleanup_close(&files->snmp6);
    *files = IP_COUNTER_FILES_NONE;
}

/* The kernel makes the text anew for who reads from its start. */
static bool read_file(int fd, struct ip_counters *sum)
{
    char text[16384];
    size_t length = 0;
    if (fd < 0)
        return false;
    while (length < sizeof text - 1) {
        ssize_t count = pread(fd, text + length, sizeof text - 1 - length, (off_t)length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
    }
    text[length] = '\0';
    ip_counters_parse(text, sum);
    return length > 0;
}

bool ip_counters_read(const struct ip_counter_files *files, struct ip_counters *ret_counters)
{
    *ret_counters = (struct ip_counters){0};
    bool netstat = read_file(files->netstat, ret_counters);
    bool snmp = read_file(files->snmp, ret_counters);
    return read_file(files->snmp6, ret_counters) || netstat || snmp;
}

/* ---- Telling ---- */

struct ip_counters ip_counters_growth(const struct ip_counters *before, const struct ip_counters *after)
{
    struct ip_counters growth = {0};
    for (size_t i = 0; i < IP_COUNTER_COUNT; i++)
        if (after->value[i] > before->value[i])
            growth.value[i] = after->value[i] - before->value[i];
    return growth;
}

uint64_t ip_counters_routing(const struct ip_counters *growth, enum ip_family family)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < IP_COUNTER_COUNT; i++)
        if (counters[i].routing && (counters[i].group == NULL) == (family == FAMILY_IPV6))
            sum += growth->value[i];
    return sum;
}

char *ip_counters_describe(const struct ip_counters *growth)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < IP_COUNTER_COUNT; i++)
        if (growth->value[i] > 0)
            g_string_append_printf(text, "%s%" PRIu64 " %s (%s)", text->len > 0 ? ", " : "", growth->value[i],
                                   counters[i].meaning, counters[i].name);
    return g_string_free(text, FALSE);
}
