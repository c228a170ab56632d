/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One step of a packet's path: a rule that matched, a policy, or the end of a chain. step_codec.h encodes it. */
#ifndef IPTRACE_FORMAT_STEP_H
#define IPTRACE_FORMAT_STEP_H

#include "format/names.h"
#include "format/wire.h"

/* Writers truncate what is longer, so that a step always fits; nothing that iptables accepts comes near these
 * bounds. */
#define STEP_RULE_MAX 60000 /* bytes of a rule's text */
#define STEP_NAME_MAX 512   /* bytes of any other string of a step */

/* What is known of a step, one row per member: its field number in docs/format.md, which is never reused for
 * anything else, and its name. Whatever reads, writes, compares, hashes, measures or copies steps goes
 * through these three tables. Kinds:
 *
 *     SAME_NAME    a string that is not written if it is that of the step before
 *     SAME_NUMBER  likewise a number
 *     NAME         a string of at most STEP_NAME_MAX bytes
 *     NUMBER       not written if it is 0
 *     LINE         a string that is usually written in parts, or as a position in another: step.c
 *     KNOWN        a number that may be unknown: with a has_NAME
 *     ADDRESS      4 or 16 bytes; empty: none
 */
// clang-format off
#define STEP_TABLE(SAME_NAME, SAME_NUMBER, NAME, NUMBER, LINE)                                             \
    SAME_NAME(1, table)                                                                                    \
    SAME_NAME(2, chain)                                                                                    \
    NUMBER(3, type, unsigned)           /* enum step_type */                                               \
    NUMBER(4, rulenum, uint32_t)        /* as `iptables -L --line-numbers` counts; 0: a policy, or the end of a chain */ \
    LINE(5, rule)                       /* its text */                                                     \
    NAME(6, target)                                                                                        \
    LINE(7, comment)                                                                                       \
    SAME_NUMBER(8, ruleset, uint32_t)   /* number of the ruleset block that the text is from; 0: none */   \
    NUMBER(9, stale, bool)              /* rules changed at about that time: the text may be another rule's */

/* What a message says besides its rule. Constant within a hook, except for the mark. */
#define CONTEXT_TABLE(KNOWN, NAME)                                                                         \
    KNOWN(1, hook, unsigned)            /* enum hook */                                                    \
    NAME(2, in)                         /* interfaces */                                                   \
    NAME(3, out)                                                                                           \
    NAME(4, physin)                     /* ports of a bridge */                                            \
    NAME(5, physout)                                                                                       \
    KNOWN(6, mark, uint32_t)                                                                               \
    KNOWN(7, uid, uint32_t)             /* of the sending process */                                       \
    KNOWN(8, gid, uint32_t)

/* What differs in the packet, as this step's message shows it, from the message before. */
#define CHANGE_TABLE(ADDRESS, KNOWN)                                                                       \
    ADDRESS(1, src)                                                                                        \
    ADDRESS(2, dst)                                                                                        \
    KNOWN(3, srcport, uint16_t)                                                                            \
    KNOWN(4, dstport, uint16_t)                                                                            \
    KNOWN(5, ttl, uint8_t)              /* IPv6: hop limit */                                              \
    KNOWN(6, tos, uint8_t)              /* IPv6: traffic class */                                          \
    KNOWN(7, length, uint32_t)          /* of the whole IP packet, by its header */
// clang-format on

#define STEP_STRING_MEMBER(number, name)       struct bytes name;
#define STEP_NUMBER_MEMBER(number, name, type) type name;
#define STEP_KNOWN_MEMBER(number, name, type)                                                                \
    bool has_##name;                                                                                         \
    type name;

struct context {
    CONTEXT_TABLE(STEP_KNOWN_MEMBER, STEP_STRING_MEMBER)
};

struct change {
    CHANGE_TABLE(STEP_STRING_MEMBER, STEP_KNOWN_MEMBER)
};

struct step {
    STEP_TABLE(STEP_STRING_MEMBER, STEP_NUMBER_MEMBER, STEP_STRING_MEMBER, STEP_NUMBER_MEMBER,
               STEP_STRING_MEMBER)
    bool has_time;
    int64_t time_ns; /* since the time of the packet; only if the kernel gave one */
    struct context context;
    struct change change;
};

/* The number of strings of one step as written: one more if the rule's line is in parts. A byte stands for each. */
#define STEP_STRING_BYTE(number, name) char name;
#define STEP_NO_BYTE(number, name, type)
struct step_string_bytes {
    STEP_TABLE(STEP_STRING_BYTE, STEP_NO_BYTE, STEP_STRING_BYTE, STEP_NO_BYTE, STEP_STRING_BYTE)
    CONTEXT_TABLE(STEP_NO_BYTE, STEP_STRING_BYTE)
};
#define STEP_STRINGS_MAX (sizeof(struct step_string_bytes) + 1)

bool context_equal(const struct context *a, const struct context *b);
bool change_is_empty(const struct change *change);

/* Whether the two are equal except for the time. */
bool step_alike(const struct step *a, const struct step *b);

/* Equal for steps that are alike: a hash of numbers, addresses and the lengths of strings. */
uint64_t step_hash(uint64_t hash, const struct step *step);

/* Total length of its strings and addresses in bytes. */
size_t step_strings_length(const struct step *step);

/* Copies them to `at`, one after the other, and makes the step point to the copies. */
void step_keep_strings(struct step *step, uint8_t *at);

/* The most bytes that it can take in a record, its strings included. */
size_t step_room(const struct step *step);

/* What messages of the same rule have in common: no time and no change, and of the context only the
 * interfaces; strings as they are written. */
struct step step_shared(const struct step *step);

/* Whether `shared` is what step_shared() makes of the step, without making it. */
bool step_is_shared(const struct step *shared, const struct step *step);

/* The step as one line with a fixed beginning: `filter:INPUT:rule:3 -A INPUT -p tcp -j DROP`. Writes at most
 * `size` bytes with the terminating zero and returns the length that the whole line has, as snprintf does. */
size_t step_format(const struct step *step, char *buffer, size_t size);

#endif
