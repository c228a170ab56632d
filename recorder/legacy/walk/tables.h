/* SPDX-License-Identifier: GPL-2.0-or-later */
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

/* Place of the table among those of the hook, from 1; 0 where it is not hooked there. */
unsigned table_place(enum table table, enum hook hook);

/* True where a packet may meet hook `to` after hook `from` (not the same). */
bool hook_leads_to(enum hook from, enum hook to);

/* Where a packet is: a table's visit at a hook. */
struct spot {
    enum hook hook;
    enum table table;
};

bool spot_equal(struct spot a, struct spot b);

/* Tables that exist, as a set of 1 << enum table. A table that exists says something of every packet at each
 * of its hooks, but nat, which speaks for a connection's first packet only. */
typedef uint32_t table_set;

/* True where a packet that was accepted at `from` may say next that it is at `to`: `to` is later, and no
 * table of `exist` that would have had to speak lies between. */
bool spot_follows(struct spot from, struct spot to, table_set exist);

/* True where `to` is later on a way that leads through `from`, whatever lies between. */
bool spot_is_later(struct spot from, struct spot to);

/* True where NAT may have changed the packet's destination between the two, `to` being later: it does so
 * after table mangle at PREROUTING and OUTPUT, and says so for a connection's first packet only. */
bool spot_is_translated(struct spot from, struct spot to);

/* What may still be heard of a packet that was accepted at `from`. */
enum expectation {
    EXPECT_NOTHING, /* it has said all it will */
    EXPECT_MAYBE,   /* only nat may speak, or nobody, depending on its way */
    EXPECT_HOOK,    /* a table of this hook must speak */
    EXPECT_LATER,   /* a table of a later hook must speak, whichever way it goes */
};
enum expectation spot_expects(struct spot from, table_set exist);

/* True where a path can begin there: at PREROUTING or OUTPUT, in the first table of `exist` that must speak
 * (raw where it exists). */
bool spot_begins_path(struct spot spot, table_set exist);

/* True where it is the first table of `exist` that must speak at its hook. */
bool spot_begins_hook(struct spot spot, table_set exist);

#endif
