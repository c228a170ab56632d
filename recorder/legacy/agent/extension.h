/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of matches and targets, which only libxtables' extensions know. */
#ifndef IPTRACE_LEGACY_AGENT_EXTENSION_H
#define IPTRACE_LEGACY_AGENT_EXTENSION_H

#include <linux/netfilter/x_tables.h>

#include "format/family.h"

/* All of it is for a process that was forked to print: libxtables serves one family a process, prints to
 * standard output, complains on standard error, and may end the process with EXTENSION_EXIT or, in some
 * extensions, 1. */
#define EXTENSION_EXIT 3

/* Once a process; -1 where libxtables does not want to start. */
int extension_init(enum ip_family family);

/* ` -m NAME options`; `ip` is the rule's struct ipt_ip or ip6t_ip6. An extension that is not installed prints
 * ` -m NAME [no extension]`, so that the rest of the table can still be read. */
void extension_print_match(const void *ip, const struct xt_entry_match *match);

/* ` -j NAME options`, of a target that is no chain and no standard verdict. */
void extension_print_target(const void *ip, const struct xt_entry_target *target);

/* The name of an IP protocol, or NULL: by libxtables' short list, then, before 1.8.11, by /etc/protocols. */
const char *extension_protocol_name(unsigned int protocol);

#endif
