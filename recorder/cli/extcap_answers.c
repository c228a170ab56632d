/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The answers to Wireshark: sentences of `{name=value}` words, one per line (doc/extcap.adoc). */
#include "recorder/cli/extcap.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "recorder/core/filter.h"

#define NAMESPACES "/run/netns"

/* ---- Interfaces ---- */

/* A sentence has no way to escape a brace, and nobody wants a control character in a list. */
static bool can_be_said(const char *name)
{
    if (!g_utf8_validate(name, -1, NULL))
        return false;
    for (; *name; name++)
        if (g_ascii_iscntrl(*name) || strchr("{}", *name))
            return false;
    return true;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void answer_interfaces(FILE *file)
{
    fputs("extcap {version=" IPTRACE_VERSION "}{display=iptables TRACE}\n", file);
    fputs("interface {value=" EXTCAP_NAME "}{display=iptables TRACE}\n", file);

    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) directory = g_dir_open(NAMESPACES, 0, NULL);
    for (const char *name; directory && (name = g_dir_read_name(directory));)
        if (can_be_said(name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        fprintf(file, "interface {value=" EXTCAP_NAME "-%s}{display=iptables TRACE in %s}\n", name, name);
    }
}

/* ---- The dialog ---- */

enum offer {
    OFFER_ALWAYS,
    OFFER_ON_HOST, /* not where the interface is a namespace already */
};

// clang-format off
static const struct field {
    const char *call, *display, *type;
    enum offer offer;
    const char *rest;
} fields[] = {
    {"--filter",          "Filter",                                     "string",    OFFER_ALWAYS,
        "{tooltip=pcap-filter(7) expression, run in the kernel; sees packets before DNAT}"
        "{placeholder=tcp port 80}"},
    {"--interface",       "Interfaces",                                 "string",    OFFER_ALWAYS,
        "{tooltip=Only packets received on these interfaces, and packets that the host itself sends out by "
        "them; separated by commas}"},
    {"--family",          "Family",                                     "selector",  OFFER_ALWAYS,
        ""},
    {"--limit",           "Limit",                                      "string",    OFFER_ALWAYS,
        "{tooltip=Trace at most this many packets for each hook of a family}{placeholder=100/second}"
        "{validation=^[0-9]+(/(s|sec|second|m|min|minute|h|hour|d|day))?$}"},
    {"--unlimited",       "Set no limit, however expensive tracing is", "boolflag",  OFFER_ALWAYS,
        "{default=false}{tooltip=Tracing costs the kernel time in proportion to the number of rules}"},
    {"--snapshot-length", "Bytes kept of each packet",                  "unsigned",  OFFER_ALWAYS,
        "{range=0,65535}{default=256}{tooltip=0 keeps all of them}"},
    {"--netns",           "Network namespace",                          "string",    OFFER_ON_HOST,
        "{tooltip=A name in /run/netns, a path, or the id of a process in the namespace, such as a container's}"
        "{placeholder=this host's}"},
    {"--buffer-size",     "Receive buffer in MiB",                      "unsigned",  OFFER_ALWAYS,
        "{range=1,2047}{default=64}{group=Advanced}"},
    {"--no-install",      "Record what your own rules trace",           "boolflag",  OFFER_ALWAYS,
        "{default=false}{tooltip=Install no TRACE rule}{group=Advanced}"},
    {"--lock",            "Hold the xtables lock",                      "boolflag",  OFFER_ALWAYS,
        "{default=false}{tooltip=No rule can change while the capture runs: programs that try to change one have "
        "to wait}{group=Advanced}"},
};
// clang-format on

static void answer_family(FILE *file, size_t number)
{
    fprintf(file, "value {arg=%zu}{value=both}{display=IPv4 and IPv6}{default=true}\n", number);
    fprintf(file, "value {arg=%zu}{value=4}{display=IPv4}\n", number);
    fprintf(file, "value {arg=%zu}{value=6}{display=IPv6}\n", number);
}

/* Names that are there now, for the user to choose from: another namespace's cannot be looked at by all. */
static void answer_placeholder(FILE *file)
{
    g_autoptr(GString) names = g_string_new(NULL);
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *entry = list; entry && entry->if_name; entry++)
        if (can_be_said(entry->if_name))
            g_string_append_printf(names, "%s%s", names->len > 0 ? "," : "", entry->if_name);
    if_freenameindex(list);
    if (names->len > 0)
        fprintf(file, "{placeholder=%s}", names->str);
}

static void answer_config(FILE *file, const char *netns)
{
    size_t number = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const struct field *field = &fields[i];
        if (field->offer == OFFER_ON_HOST && netns)
            continue;
        fprintf(file, "arg {number=%zu}{call=%s}{display=%s}{type=%s}%s", number, field->call, field->display,
                field->type, field->rest);
        if (strcmp(field->call, "--interface") == 0 && !netns)
            answer_placeholder(file);
        fputc('\n', file);
        if (strcmp(field->call, "--family") == 0)
            answer_family(file, number);
        number++;
    }
}

/* ---- Which of them ---- */

static void answer_validity(FILE *file, const char *expression)
{
    struct filter filter = {0};
    struct error why;
    if (filter_compile(expression, &filter, &why) < 0)
        fprintf(file, "%s\n", why.text);
    filter_done(&filter);
}

int extcap_answer(const struct extcap *extcap, FILE *file, struct error *error)
{
    const char *netns = NULL;
    if (extcap->interface)
        extcap_interface_netns(extcap->interface, &netns);
    switch (extcap->request) {
    case EXTCAP_INTERFACES:
        answer_interfaces(file);
        break;
    case EXTCAP_DLTS:
        fputs("dlt {number=101}{name=RAW}{display=Raw IP}\n", file);
        break;
    case EXTCAP_CONFIG:
        answer_config(file, netns);
        break;
    case EXTCAP_VALIDATE:
        answer_validity(file, extcap->filter);
        break;
    case EXTCAP_CAPTURE:
    case EXTCAP_CLEANUP:
        break;
    }
    if (fflush(file) != 0)
        return error_set(error, errno, "cannot write to standard output: %s", g_strerror(errno));
    return 0;
}
