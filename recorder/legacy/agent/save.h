/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The text of a table, byte for byte as iptables-legacy-save and ip6tables-legacy-save print it, with one
 * exception: a newline within a rule or a name becomes a question mark, so that every line is one rule. */
#ifndef IPTRACE_LEGACY_AGENT_SAVE_H
#define IPTRACE_LEGACY_AGENT_SAVE_H

#include <stdio.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/trace_rule.h"

enum save_selection {
    SAVE_USER, /* from `*table` to `COMMIT`, with [0:0] on chains, no counters on rules, without our TRACE
                  rules */
    SAVE_OWN,  /* only our TRACE rules, one per line */
};

/* Prints table `table` of `family` to **standard output**, where the extensions of libxtables print, and
 * which must be a memory file open for reading too. Call it only in a process that was forked for it:
 * libxtables serves only one family per process, and may exit. Messages of the extensions go to standard
 * error. `before` is called, if not NULL, before the first byte is printed, with our own rules and with the
 * hash (struct table_state) of the entries that are about to be printed. -ENOENT: there is no such table, and
 * none was created. -EAGAIN: it kept changing. */
int save_print(enum ip_family family, const char *table, enum save_selection selection,
               int (*before)(uint64_t hash, const struct own_rule *own, size_t count, void *context),
               void *context, struct error *error);

#endif
