/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The words of a TRACE message: the NFLOG prefix `TRACE: table:chain:type:number `. */
#ifndef IPTRACE_LEGACY_WALK_PREFIX_H
#define IPTRACE_LEGACY_WALK_PREFIX_H

#include "format/wire.h"

/* What the kernel calls it. "policy" and "return" may in fact be rules: an unconditional rule with a standard
 * verdict is logged as one of the two, so only the rules can tell. */
enum prefix_type { PREFIX_RULE, PREFIX_POLICY, PREFIX_RETURN };

struct prefix {
    struct bytes table;
    struct bytes chain; /* may contain ':' and spaces */
    enum prefix_type type;
    uint32_t number; /* counted from 1; number of rules + 1 is the policy or the end of the chain */
};

/* Takes the prefix without its terminating zero. False if it is not that of a TRACE message. The result
 * points into `text`. Source: trace_packet() in the kernel's net/ipv4/netfilter/ip_tables.c. */
bool prefix_parse(struct bytes text, struct prefix *ret_prefix);

#endif
