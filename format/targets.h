/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the targets of iptables do to a packet and to its path through the table. Source:
 * iptables-extensions(8), net/netfilter/xt_*.c. */
#ifndef IPTRACE_FORMAT_TARGETS_H
#define IPTRACE_FORMAT_TARGETS_H

#include "format/wire.h"

/* Where a packet goes after a rule with that target. */
enum target_way {
    TARGET_CONTINUES, /* on to the next rule */
    TARGET_ACCEPTS,   /* ends the table */
    TARGET_DROPS,
    TARGET_RETURNS, /* to the calling chain, or to the policy */
    TARGET_REJECTS,
    TARGET_QUEUES,    /* accepted, dropped, rewritten or repeated by a program */
    TARGET_STEALS,    /* keeps the packet, drops it, or goes on */
    TARGET_NATS,      /* ends the table, and nothing more of that table is logged */
    TARGET_REDIRECTS, /* to a local socket: ends the table, or drops the packet if there is no socket */
    TARGET_MAY_END,   /* the table, or not */
};

/* What it does to the packet; a set of flags. */
enum target_effect {
    TARGET_LOGS = 1 << 0,       /* reports the packet to somebody */
    TARGET_MARKS = 1 << 1,      /* changes the packet's mark, or what the kernel remembers about it */
    TARGET_ALTERS = 1 << 2,     /* changes other bytes of the packet's headers */
    TARGET_TRANSLATES = 1 << 3, /* changes addresses and ports */
    TARGET_UNKNOWN = 1 << 4,    /* may do any of these */
};

struct target {
    struct bytes name;
    enum target_way way;
    unsigned effect;  /* of enum target_effect; 0: none */
    bool is_standard; /* a verdict of the kernel's own, not an extension */
};

/* Never null: a rule without a target (the empty name) continues without effect; a name that is not in the
 * table, such as a user-defined chain's, has TARGET_MAY_END and TARGET_UNKNOWN. */
const struct target *target_find(struct bytes name);

#endif
