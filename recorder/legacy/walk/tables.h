/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The tables of legacy iptables, where each is hooked, and the order in which a packet meets them.
 *
 *     received, for us     PREROUTING raw mangle nat → INPUT mangle filter security nat
 *     received, forwarded  PREROUTING raw mangle nat → FORWARD mangle filter security → POSTROUTING mangle nat
 *     sent by us           OUTPUT raw mangle nat filter security → POSTROUTING mangle nat
 *
 * Source: enum nf_ip_hook_priorities in linux/netfilter_ipv4.h, and the `valid_hooks` of each table's module. */
#ifndef IPTRACE_LEGACY_WALK_TABLES_H
#define IPTRACE_LEGACY_WALK_TABLES_H

#include "format/names.h"
#include "format/wire.h"

enum table {
    TABLE_RAW,
    TABLE_MANGLE,
    TABLE_NAT,
    TABLE_FILTER,
    TABLE_SECURITY,
    TABLE_COUNT,
};

/* TABLE_COUNT for a name that is none of these. */
enum table table_of_name(struct bytes name);
const char *table_name(enum table table);

/* Position of the table among those of the hook, from 1; 0 if it is not hooked there. */
unsigned table_place(enum table table, enum hook hook);

/* True if a packet may meet hook `to` after hook `from` (a different one). */
bool hook_leads_to(enum hook from, enum hook to);

/* Where a packet is: a table's visit at a hook. */
struct spot {
    enum hook hook;
    enum table table;
};

bool spot_equal(struct spot a, struct spot b);

/* Tables that exist, as a set of 1 << enum table. A table that exists sends a message about every packet at
 * each of its hooks, except nat, which does so only for a connection's first packet. */
typedef uint32_t table_set;

/* True if the next message about a packet that was accepted at `from` may come from `to`: `to` is later, and
 * no table of `exist` in between would have had to send a message. */
bool spot_follows(struct spot from, struct spot to, table_set exist);

/* True if `to` is later on a path through `from`, whatever lies in between. */
bool spot_is_later(struct spot from, struct spot to);

/* True if NAT may have changed the packet's destination between the two, where `to` is later: it does so
 * after table mangle at PREROUTING and OUTPUT, with a message only for a connection's first packet. */
bool spot_is_translated(struct spot from, struct spot to);

/* Which messages may still come about a packet that was accepted at `from`. */
enum expectation {
    EXPECT_NOTHING, /* none */
    EXPECT_MAYBE,   /* only one from nat, or none, depending on its path */
    EXPECT_HOOK,    /* one from a table of this hook must come */
    EXPECT_LATER,   /* one from a table of a later hook must come, whichever path it takes */
};
enum expectation spot_expects(struct spot from, table_set exist);

/* True if a path can begin there: at PREROUTING or OUTPUT, in the first table of `exist` that must send a
 * message (raw if it exists). */
bool spot_begins_path(struct spot spot, table_set exist);

/* True if it is the first table of `exist` that must send a message at its hook. */
bool spot_begins_hook(struct spot spot, table_set exist);

#endif
