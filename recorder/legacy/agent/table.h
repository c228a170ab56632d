/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The legacy tables that exist in this network namespace, and a cheap check whether they changed. */
#ifndef IPTRACE_LEGACY_AGENT_TABLE_H
#define IPTRACE_LEGACY_AGENT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"

/* The kernel's XT_TABLE_MAXNAMELEN and XT_EXTENSION_MAXNAMELEN, terminating zero included. */
#define RULESET_TABLE_NAME_SIZE 32
#define RULESET_CHAIN_NAME_SIZE 32
#define RULESET_TABLES_MAX      16

struct table_state {
    char name[RULESET_TABLE_NAME_SIZE];
    uint32_t valid_hooks; /* bit n: hooked at NF_INET_n; PREROUTING is bit 0, POSTROUTING bit 4 */
    uint32_t entries;     /* the kernel's: rules, policies, two per user-defined chain, one at the end */
    uint32_t size;        /* of all entries, in bytes */

    /* Filled only by a deep look, which reads all entries (100 ms for 100 000 rules); else zero. */
    uint64_t hash;        /* of all entries except our own, without counters; if equal, nothing changed */
    uint32_t own_rules;   /* our own TRACE rules, whatever their tag */
    uint32_t chains;      /* user-defined */
    bool has_user_rules;  /* there is a rule that is not ours */
    bool has_user_policy; /* there is a policy other than ACCEPT */
};

/* For all functions, the namespace is the calling thread's. Source of the names: /proc/net/ip_tables_names
 * and ip6_tables_names. No function opens, and so creates, a table not named there. */

/* Fills up to `capacity` states, in the kernel's order. A missing names file means no tables. -EACCES,
 * -EPERM: no permission to read the names or open a socket; -E2BIG: more than `capacity` tables. */
int table_states_read(enum ip_family family, bool deep, struct table_state *states, size_t capacity,
                      size_t *ret_count, struct error *error);

/* Reads everything about one existing table. -ENOENT: it is gone. */
int table_state_read(enum ip_family family, const char *name, struct table_state *ret_state,
                     struct error *error);

/* Whether the table exists: 1, 0 or negative errno. */
int table_exists(enum ip_family family, const char *name, struct error *error);

#endif
