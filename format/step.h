/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One step of a packet's way: a rule that matched, a policy, or the end of a chain. One encoding serves the
 * path record and the message block; strings stand once in the record or block and are referred to by number.
 */
#ifndef IPTRACE_FORMAT_STEP_H
#define IPTRACE_FORMAT_STEP_H

#include "format/names.h"
#include "format/strings.h"

#define STEP_STRINGS_MAX 10 /* strings of one step */

/* Writers cut what is longer, so that a step always fits: nothing that iptables accepts comes near it. */
#define STEP_RULE_MAX 60000 /* bytes of a rule's text */
#define STEP_NAME_MAX 512   /* bytes of any other string of a step */

/* Bytes of all rule lines that a reader of a record or block has to put together: it bounds his memory. */
#define FORMAT_LINES_MAX (1 << 20)

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

/* Finds or makes the number of a string. */
typedef uint32_t string_number_fn(void *user, struct bytes string);

/* Writes the steps of one record or block. */
struct step_encoder {
    string_number_fn *number;
    void *user;        /* of `number` */
    size_t lines_left; /* begins as FORMAT_LINES_MAX; where it is used up, lines are written as a whole */
};

/* Where the time stands in the body of a step, or would stand; the rest is the same at another time. */
struct step_gap {
    uint32_t at, length;
};

/* Writes the body of a step. `before` is the step before it in the record, null for the first: what is the
 * same is not written again. */
struct step_gap step_write(struct wire_writer *writer, const struct step *step, const struct step *before,
                           struct step_encoder *encoder);

/* Writes what stands in the gap: nothing for a step without a time. */
void step_write_time(struct wire_writer *writer, const struct step *step, const struct step *before);

/* Memory that lives as long as what was read; never null. */
typedef void *format_allocate_fn(void *user, size_t size);

/* Reads the steps of one record or block. */
struct step_decoder {
    const struct string_list *strings;
    format_allocate_fn *allocate;
    void *user;        /* of `allocate` */
    size_t lines_left; /* begins as FORMAT_LINES_MAX; more is damage */
};

/* Reads the body of a step. `*step` comes in as the step before it, zero for the first. Points into the
 * record and into memory of the decoder's. False at damage. */
bool step_read(struct bytes body, struct step_decoder *decoder, struct step *step);

bool context_equal(const struct context *a, const struct context *b);
bool change_is_empty(const struct change *change);

/* The step as one line with a fixed beginning: `filter:INPUT:rule:3 -A INPUT -p tcp -j DROP`. Writes at most
 * `size` bytes with the terminating zero and returns the length that the whole line has, as snprintf does. */
size_t step_format(const struct step *step, char *buffer, size_t size);

#endif
