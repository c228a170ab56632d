/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The legacy tables of one family as libiptc serves them: one interface to IPv4 and IPv6. */
#ifndef IPTRACE_LEGACY_AGENT_LEGACY_H
#define IPTRACE_LEGACY_AGENT_LEGACY_H

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <linux/netfilter/x_tables.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"

/* One rule, seen through pointers into the table that it belongs to. The inversion flags (IPT_INV_…) have the
 * same values in both families. */
struct legacy_rule {
    const void *entry; /* struct ipt_entry or ip6t_entry */
    const void *ip;    /* struct ipt_ip or ip6t_ip6, which extensions take */
    const void *source, *source_mask;
    const void *destination, *destination_mask; /* struct in_addr or in6_addr */
    const char *in, *out;
    const unsigned char *in_mask, *out_mask;
    unsigned int protocol;
    unsigned int inversions;
    bool fragment; /* -f, IPv4 only */
    bool jumps_by_goto;
    size_t matches_offset, target_offset, next_offset; /* from `entry` */
    size_t counters_offset;
};

/* The head of a new rule; matches and target follow it. */
struct legacy_head {
    const char *in, *out; /* NULL for any; a trailing + is a wildcard */
    bool not_in;
    size_t target_offset, next_offset;
};

struct legacy {
    enum ip_family family;
    const char *names_path;
    const char *module;
    int socket_level, get_info, get_entries, get_match_revision, get_target_revision;
    size_t entry_size;
    size_t entries_offset; /* in the answer to get_entries */

    struct xtc_handle *(*init)(const char *table);
    void (*free)(struct xtc_handle *handle);
    const char *(*first_chain)(struct xtc_handle *handle);
    const char *(*next_chain)(struct xtc_handle *handle);
    const void *(*first_rule)(const char *chain, struct xtc_handle *handle);
    const void *(*next_rule)(const void *entry, struct xtc_handle *handle);
    const char *(*target_name)(const void *entry, struct xtc_handle *handle);
    const char *(*policy)(const char *chain, struct xtc_handle *handle); /* NULL: a user-defined chain */
    int (*keep_policy)(const char *chain, struct xtc_handle *handle); /* and its counters, across a commit */
    int (*insert)(const char *chain, const void *entry, unsigned int position, struct xtc_handle *handle);
    int (*remove)(const char *chain, unsigned int position, struct xtc_handle *handle);
    int (*commit)(struct xtc_handle *handle);

    struct legacy_rule (*view)(const void *entry);
    void (*fill)(void *entry, const struct legacy_head *head);
};

/* Never null. */
const struct legacy *legacy_of(enum ip_family family);

/* Opens a raw socket for getsockopt; -EPERM with a sentence. The caller closes it. */
int legacy_socket(const struct legacy *legacy, int *ret_socket, struct error *error);

/* Reads a table through libiptc, which creates it if need be: call table_exists() first. With `load`, the
 * family's module is loaded if it is missing. The caller frees the handle with legacy->free. -EPERM, -ENOENT
 * (no such table), -EPROTONOSUPPORT (no legacy tables in this kernel). */
int legacy_open(const struct legacy *legacy, const char *table, bool load, struct xtc_handle **ret_handle,
                struct error *error);

/* The matches of a rule, one after the other: NULL at the end, or if a size is invalid. */
const struct xt_entry_match *legacy_first_match(const struct legacy_rule *rule);
const struct xt_entry_match *legacy_next_match(const struct legacy_rule *rule,
                                               const struct xt_entry_match *match);
const struct xt_entry_target *legacy_target(const struct legacy_rule *rule);

/* Loads a module with the program named in /proc/sys/kernel/modprobe, and waits for it. */
void legacy_load_module(const char *module);

#endif
