/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The kernel's counters of packets that IP itself dropped in a network namespace, by reason: what makes a
 * packet vanish between the hooks. They count all packets, traced or not. Source: /proc/net/netstat, snmp and
 * snmp6 (net/ipv4/proc.c, net/ipv6/proc.c); what counts where: net/ipv4/ip_input.c, ip_forward.c, route.c,
 * ip_output.c, net/ipv6/ip6_input.c, ip6_output.c. */
#ifndef IPTRACE_SYSTEM_IP_COUNTERS_H
#define IPTRACE_SYSTEM_IP_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"

enum ip_counter {
    IP_IN_NO_ROUTES,
    IP_REVERSE_PATH_FILTER,
    IP_IN_ADDR_ERRORS,
    IP_IN_HDR_ERRORS,
    IP_IN_TRUNCATED,
    IP_IN_CSUM_ERRORS,
    IP_IN_DISCARDS,
    IP_FRAG_FAILS,
    IP_OUT_NO_ROUTES,
    IP_OUT_DISCARDS,
    IP6_IN_NO_ROUTES,
    IP6_IN_ADDR_ERRORS,
    IP6_IN_HDR_ERRORS,
    IP6_IN_TOO_BIG_ERRORS,
    IP6_IN_TRUNCATED,
    IP6_IN_DISCARDS,
    IP6_FRAG_FAILS,
    IP6_OUT_NO_ROUTES,
    IP6_OUT_DISCARDS,
    IP_COUNTER_COUNT,
};

/* The name of a counter's field in a journal entry: "IPTRACE_IP_IN_NO_ROUTES". */
const char *ip_counter_field(enum ip_counter counter);

/* Packets since the namespace was created or, for a growth, between two readings. What the kernel does not
 * count is 0. */
struct ip_counters {
    uint64_t value[IP_COUNTER_COUNT];
};

/* The open files of one namespace, which they keep referring to. */
struct ip_counter_files {
    int netstat, snmp, snmp6; /* -1: there is none */
};

#define IP_COUNTER_FILES_NONE                                                                                \
    (struct ip_counter_files)                                                                                \
    {                                                                                                        \
        .netstat = -1, .snmp = -1, .snmp6 = -1                                                               \
    }

/* Opens the files that exist in the calling thread's namespace. Call it before privileges are dropped: later
 * readings open nothing. An open file keeps its namespace alive. */
void ip_counter_files_open(struct ip_counter_files *ret_files);
void ip_counter_files_close(struct ip_counter_files *files);

/* Reads the current values; false if none of the files can be read. */
bool ip_counters_read(const struct ip_counter_files *files, struct ip_counters *ret_counters);

/* Adds the values in the text of such a file: lines `Ip: name …` and `Ip: value …`, or `Ip6name value`. */
void ip_counters_parse(const char *text, struct ip_counters *counters);

struct ip_counters ip_counters_growth(const struct ip_counters *before, const struct ip_counters *after);

/* Packets of one family that were dropped between PREROUTING and INPUT or FORWARD; a packet may be counted
 * twice. */
uint64_t ip_counters_routing(const struct ip_counters *growth, enum ip_family family);

/* "3 without a route (InNoRoutes), 1 larger than … (FragFails)", or nothing; the caller frees it with
 * g_free(). */
char *ip_counters_describe(const struct ip_counters *growth);

#endif
