/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a packet's way: a rule that matched, a policy, or the end of a chain. One encoding serves the
 * path record and the message block; strings stand once in the record or block and are referred to by number.
 */
#ifndef IPTRACE_FORMAT_STEP_H
#define IPTRACE_FORMAT_STEP_H

#include "format/names.h"
#include "format/wire.h"

#define FORMAT_STRINGS_MAX 1024 /* strings of a path record; a message block may have more */
#define STEP_STRINGS_MAX   9    /* strings of one step */

/* Writers cut what is longer, so that a step always fits: nothing that iptables accepts comes near it. */
#define STEP_RULE_MAX 60000 /* bytes of a rule's text */
#define STEP_NAME_MAX 512   /* bytes of any other string of a step */

/* What a message says besides its rule. Constant within a hook but for the mark. */
struct context {
    bool has_hook, has_mark, has_uid, has_gid;
    unsigned hook; /* enum hook */
    struct bytes in, out, physin, physout;
    uint32_t mark, uid, gid;
};

/* What differs in the packet, as this step's message shows it, from the message before. */
struct change {
    struct bytes src, dst; /* 4 or 16 bytes; empty: the same as before */
    bool has_srcport, has_dstport, has_ttl, has_tos, has_length;
    uint16_t srcport, dstport;
    uint8_t ttl, tos; /* IPv6: hop limit, traffic class */
    uint32_t length;  /* of the whole IP packet, by its header */
};

struct step {
    struct bytes table, chain;
    unsigned type; /* enum step_type */
    uint32_t
        rulenum; /* as `iptables -L --line-numbers` counts for the administrator; 0: policy, end of a chain */
    struct bytes rule, target, comment;
    uint32_t ruleset; /* number of the ruleset block the text is from; 0: none */
    bool stale;       /* rules changed about then: the text may be another rule's */
    bool has_time;
    int64_t time_ns; /* since the time of the packet; only where the kernel gave one */
    struct context context;
    struct change change;
};

/* Strings by number, from 1, in the order in which they were read. Points into the record. */
struct string_list {
    struct bytes *at;
    uint32_t count, capacity;
};

/* The string of that number; 0 is the empty one. A number beyond the list is damage: sets `reader->bad`. */
struct bytes string_list_get(const struct string_list *list, uint64_t number, struct wire_reader *reader);

/* Gives each string a number from 1 and writes it as field `field` of `writer` when it is first seen.
 * Keeps the pointers: the strings must outlive the collector. */
struct string_collector {
    struct wire_writer *writer;
    uint32_t field;
    uint32_t count;
    struct bytes at[FORMAT_STRINGS_MAX];
};

/* 0 for an empty string, and where there is no room for another: the caller checks `count` first. */
uint32_t string_collector_number(struct string_collector *collector, struct bytes string);

/* Finds or makes the number of a string; `user` is what was given to step_write(). */
typedef uint32_t string_number_fn(void *user, struct bytes string);

/* Writes the body of a step. `before` is the step whose context a reader will have seen last; null for none:
 * the context is written only where it differs. */
void step_write(struct wire_writer *writer, const struct step *step, const struct context *before,
                string_number_fn *number, void *user);

/* Reads the body of a step. `step->context` comes in as the context of the step before (zero for the first).
 * False at damage. */
bool step_read(struct bytes body, const struct string_list *strings, struct step *step);

bool context_equal(const struct context *a, const struct context *b);
bool change_is_empty(const struct change *change);

/* The step as one line with a fixed beginning: `filter:INPUT:rule:3 -A INPUT -p tcp -j DROP`. Writes at most
 * `size` bytes with the terminating zero and returns the length that the whole line has, as snprintf does. */
size_t step_format(const struct step *step, char *buffer, size_t size);

#endif
