/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The ruleset block: the complete rules of one table at one time, as iptables-save prints them. */
#ifndef IPTRACE_FORMAT_RULESET_BLOCK_H
#define IPTRACE_FORMAT_RULESET_BLOCK_H

#include "format/family.h"
#include "format/wire.h"

/* One part of a ruleset. Most have only one; a text too long for one block is split at the end of a line. */
struct ruleset_part {
    uint32_t capture_id;
    uint32_t ruleset;    /* number within the capture, from 1: what struct step's `ruleset` refers to */
    uint32_t generation; /* of this table, from 1: incremented by each change that was seen */
    unsigned family;     /* 4 or 6, or anything in a damaged block: ip_family_of_version() */
    struct bytes table;
    struct bytes netns;   /* as in struct path */
    uint64_t time_ns;     /* since the epoch: when it was read */
    uint32_t part, parts; /* part counts from 0 */
    struct bytes text;    /* `*table` to `COMMIT` over all parts, without counters and own rules */
    struct bytes body;    /* the whole part, in which ruleset_part_own() finds the recorder's own rules */
};

/* The position of one of the recorder's own TRACE rules, so that the kernel's rule numbers can be mapped. */
struct ruleset_own {
    struct bytes chain;
    uint32_t number; /* the kernel's, which counts all rules of the chain from 1 */
};

#define RULESET_TEXT_MAX 200000 /* bytes of text in one part */
#define RULESET_OWN_MAX  1024   /* own rules of one part; a part with more is damaged */

/* Appends envelope and body. `own_rules` may be null if `own_count` is 0. */
void ruleset_part_write(struct wire_writer *out, const struct ruleset_part *part,
                        const struct ruleset_own *own_rules, size_t own_count);

/* Reads a body; false on damage, and `ret_part` then holds what could be read. All `struct bytes` point into
 * it. */
bool ruleset_part_read(struct bytes body, struct ruleset_part *ret_part);

/* The next own rule; false after the last. For a part that ruleset_part_read() found sound; `reader` starts
 * as wire_reader_of(part.body). */
bool ruleset_part_next_own(struct wire_reader *reader, struct ruleset_own *ret_rule);

/* The own rule with that index, likewise. Searches the whole part each time: to see all, use
 * ruleset_part_next_own(). */
bool ruleset_part_own(const struct ruleset_part *part, size_t index, struct ruleset_own *ret_rule);

#endif
