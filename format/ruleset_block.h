/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ruleset block: the complete rules of one table at one time, as iptables-save prints them. */
#ifndef IPTRACE_FORMAT_RULESET_BLOCK_H
#define IPTRACE_FORMAT_RULESET_BLOCK_H

#include "format/family.h"
#include "format/wire.h"

/* One part of a ruleset. Most have one part; a text too long for a block is cut after a line. */
struct ruleset_part {
    uint32_t capture_id;
    uint32_t ruleset;    /* number within the capture, from 1: what struct step's `ruleset` names */
    uint32_t generation; /* of this table, from 1: grows with each change that was seen */
    unsigned family;     /* 4 or 6, or what a damaged block holds: ip_family_of_version() */
    struct bytes table;
    struct bytes netns;   /* as in struct path */
    uint64_t time_ns;     /* since the epoch: when it was read */
    uint32_t part, parts; /* part counts from 0 */
    struct bytes
        text; /* `*table` to `COMMIT` over all parts, rules without counters, without the recorder's own */
    struct bytes body; /* the whole part: where ruleset_part_own() finds the recorder's own rules */
};

/* Where one of the recorder's own TRACE rules stands, so that the kernel's rule numbers can be mapped. */
struct ruleset_own {
    struct bytes chain;
    uint32_t number; /* the kernel's, which counts all rules of the chain from 1 */
};

#define RULESET_TEXT_MAX 200000 /* bytes of text in one part */
#define RULESET_OWN_MAX  1024   /* own rules of one part; a part with more is damaged */

/* Appends envelope and body. `own_rules` may be null where `own_count` is 0. */
void ruleset_part_write(struct wire_writer *out, const struct ruleset_part *part,
                        const struct ruleset_own *own_rules, size_t own_count);

/* Reads a body; false at damage, then `ret_part` holds what could be read. All `struct bytes` point into it. */
bool ruleset_part_read(struct bytes body, struct ruleset_part *ret_part);

/* The next own rule; false after the last. For a part that ruleset_part_read() found sound; `reader` starts
 * as wire_reader_of(part.body). */
bool ruleset_part_next_own(struct wire_reader *reader, struct ruleset_own *ret_rule);

/* The own rule of that index, likewise. Looks through the whole part each time: to see all, go from next to
 * next. */
bool ruleset_part_own(const struct ruleset_part *part, size_t index, struct ruleset_own *ret_rule);

#endif
