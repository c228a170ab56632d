/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A filter expression in the language of pcap-filter(7), compiled for the kernel's bpf match. */
#ifndef IPTRACE_CORE_FILTER_H
#define IPTRACE_CORE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "format/family.h"
#include "recorder/core/error.h"

#define FILTER_INSTRUCTIONS_MAX 64 /* XT_BPF_MAX_NUM_INSTR in linux/netfilter/xt_bpf.h */

/* For packets of either family that begin at their IP header: the program checks the version itself. */
struct filter {
    struct sock_filter *instructions;
    size_t count; /* 1 to FILTER_INSTRUCTIONS_MAX; 0 and null for the empty expression, which matches all */
};

/* -EINVAL if libpcap does not understand the expression (the sentence quotes libpcap), -E2BIG if the program
 * is too long for the kernel. Host names are looked up, as tcpdump does. */
int filter_compile(const char *expression, struct filter *ret_filter, struct error *error);

/* Whether it looks at ports, or elsewhere in the transport header, in packets of that family: it then does
 * not match fragments as it matches whole packets. For IPv4, libpcap's programs test the fragment offset
 * first, because only a first fragment has that header; for IPv6, they expect it directly after the fixed
 * header. */
bool filter_needs_transport(const struct filter *filter, enum ip_family family);

void filter_done(struct filter *filter);

#endif
