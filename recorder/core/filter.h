/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter expression as pcap-filter(7) describes them, compiled for the kernel's bpf match. */
#ifndef IPTRACE_CORE_FILTER_H
#define IPTRACE_CORE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "format/family.h"
#include "recorder/core/error.h"

#define FILTER_INSTRUCTIONS_MAX 64 /* XT_BPF_MAX_NUM_INSTR in linux/netfilter/xt_bpf.h */

/* For packets that begin at their IP header, of either family: the program looks at the version itself. */
struct filter {
    struct sock_filter *instructions;
    size_t count; /* 1 to FILTER_INSTRUCTIONS_MAX; 0 and null for the empty expression, which matches all */
};

/* -EINVAL where libpcap does not understand the expression (the sentence has libpcap's words), -E2BIG where
 * the program is too long for the kernel. Host names are looked up, as tcpdump does. */
int filter_compile(const char *expression, struct filter *ret_filter, struct error *error);

/* Whether it looks at ports, or else into the transport's header, in packets of that family: then it does
 * not match fragments as it does whole packets. In IPv4 libpcap's programs test the fragment offset before,
 * for only a first fragment has that header; in IPv6 they expect it right behind the fixed header. */
bool filter_needs_transport(const struct filter *filter, enum ip_family family);

void filter_done(struct filter *filter);

#endif
