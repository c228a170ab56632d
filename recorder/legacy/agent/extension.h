/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The text of matches and targets, which only libxtables' extensions know. */
#ifndef IPTRACE_LEGACY_AGENT_EXTENSION_H
#define IPTRACE_LEGACY_AGENT_EXTENSION_H

#include <linux/netfilter/x_tables.h>

#include "format/family.h"

/* All of this is for a process that was forked to print: libxtables serves only one family per process,
 * prints to standard output, reports problems on standard error, and may end the process with status
 * EXTENSION_EXIT or, in some extensions, 1. */
#define EXTENSION_EXIT 3

/* To be called once per process; -1 if libxtables fails to start. */
int extension_init(enum ip_family family);

/* ` -m NAME options`; `ip` is the rule's struct ipt_ip or ip6t_ip6. An extension that is not installed prints
 * ` -m NAME [no extension]`, so that the rest of the table can still be read. */
void extension_print_match(const void *ip, const struct xt_entry_match *match);

/* ` -j NAME options`, for a target that is neither a chain nor a standard verdict. */
void extension_print_target(const void *ip, const struct xt_entry_target *target);

/* The name of an IP protocol, or NULL: from libxtables' short list or else, before 1.8.11, from
 * /etc/protocols. */
const char *extension_protocol_name(unsigned int protocol);

#endif
