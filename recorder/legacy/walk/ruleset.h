/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rules of one table at one time, read from the text that iptables-save prints, and the meaning of the
 * kernel's `chain:type:number` in them. */
#ifndef IPTRACE_LEGACY_WALK_RULESET_H
#define IPTRACE_LEGACY_WALK_RULESET_H

#include <glib.h>

#include "format/family.h"
#include "format/ruleset_block.h"
#include "format/step.h"
#include "recorder/core/error.h"

/* What a packet does after a rule. */
enum action {
    ACTION_CONTINUE, /* goes to the next rule: no target, or one that ends nothing (LOG, MARK) */
    ACTION_ACCEPT,
    ACTION_DROP,
    ACTION_RETURN, /* RETURN, and the end of a user-defined chain */
    ACTION_JUMP,
    ACTION_GOTO,
    ACTION_REJECT,
    ACTION_QUEUE,  /* NFQUEUE and QUEUE: accepted, dropped, rewritten or repeated by a program */
    ACTION_STOLEN, /* SYNPROXY: keeps the packet, or drops it, or goes on */
    ACTION_NAT, /* DNAT, SNAT, MASQUERADE, REDIRECT, NETMAP: ends the table, with no further message from it */
    ACTION_TPROXY, /* TPROXY: ends the table, or drops the packet if there is no socket for it */
    ACTION_MAYBE,  /* an extension that may or may not end the table */
};

struct chain;

struct rule {
    struct bytes text;    /* the line as iptables-save prints it */
    struct bytes target;  /* empty for a rule without one */
    struct bytes comment; /* of its first comment match, without quotes; empty if it has none */
    struct chain *jump;   /* of ACTION_JUMP and ACTION_GOTO */
    uint8_t action;       /* enum action */
    /* It has no visible condition, and a standard verdict: the kernel may call it "policy" or "return". */
    bool tail;
};

struct chain {
    struct bytes name;
    bool built_in;
    uint8_t policy;           /* ACTION_ACCEPT or ACTION_DROP of a built-in chain */
    struct bytes policy_name; /* ACCEPT, DROP */
    struct bytes policy_text; /* -P INPUT DROP */
    const struct rule *rules; /* points into the ruleset's array */
    uint32_t count;           /* of the administrator's rules */
    uint32_t own_count;       /* of the recorder's own, which are not among `rules` */
    uint32_t *own;            /* the kernel's numbers of these, ascending */
};

struct ruleset;

/* What is known of a ruleset besides its text. Numbers as in format/ruleset_block.h. */
struct ruleset_origin {
    uint32_t capture_id; /* of a replayed capture, else 0 */
    enum ip_family family;
    uint32_t number, generation;
    uint64_t time_ns;
};

/* Reads `*table` to `COMMIT`. Copies the text. A line that cannot be parsed is -EINVAL, with the line in the
 * sentence. Starts with one reference. */
int ruleset_new(struct ruleset **ret_ruleset, struct bytes text, const struct ruleset_own *own,
                size_t own_count, const struct ruleset_origin *origin, struct error *error);
struct ruleset *ruleset_ref(struct ruleset *ruleset);
void ruleset_unref(struct ruleset *ruleset);

struct bytes ruleset_table(const struct ruleset *ruleset);
struct bytes ruleset_text(const struct ruleset *ruleset);
const struct ruleset_origin *ruleset_get_origin(const struct ruleset *ruleset);
const struct chain *ruleset_chain(const struct ruleset *ruleset, struct bytes name);

/* The recorder's own rules, an array of struct ruleset_own, owned by the caller; chains point into the
 * ruleset. */
GArray *ruleset_own_rules(const struct ruleset *ruleset);

/* True if it has nothing of the administrator's: no rule, no chain, and all policies are ACCEPT. */
bool ruleset_is_empty(const struct ruleset *ruleset);

/* The first rule whose log messages cannot be told from TRACE messages; null if there is none. */
const struct rule *ruleset_find_imitation(const struct ruleset *ruleset);

/* About how many bytes it takes: its text, and what was parsed from that. */
size_t ruleset_memory(const struct ruleset *ruleset);

/* Whether two texts are the same ruleset: equal except for counters and the recorder's own rules. */
bool ruleset_same_text(const struct ruleset *a, const struct ruleset *b);

/* The kernel's number for the end of the chain (its policy or its implicit RETURN). */
static inline uint32_t chain_end(const struct chain *chain)
{
    return chain->count + chain->own_count + 1;
}

enum meaning_kind {
    MEANING_UNKNOWN, /* the chain is unknown, or the number contradicts these rules */
    MEANING_RULE,
    MEANING_POLICY,
    MEANING_END, /* of a user-defined chain */
    MEANING_OWN, /* one of the recorder's own rules */
};

struct meaning {
    enum meaning_kind kind;
    const struct chain *chain;
    const struct rule *rule; /* of MEANING_RULE */
    uint32_t rulenum;        /* the administrator's number; 0 except for MEANING_RULE */
    uint8_t action;          /* what the packet does next: enum action */
};

/* What the kernel meant by `chain:type:number`. It says "policy" or "return" for every unconditional rule
 * with a standard verdict; only the number after the last rule's is the policy or the end
 * (net/ipv4/netfilter/ip_tables.c, get_chainname_rulenum()). */
struct meaning ruleset_meaning(const struct ruleset *ruleset, struct bytes chain, bool said_rule,
                               uint32_t number);

/* Whether both are the same rule by its text and number, the same policy, or the end of a chain. */
bool meaning_equal(const struct meaning *a, const struct meaning *b);

/* The action of a target, by its name alone, for rules whose table is not known. */
enum action action_of_target(struct bytes target);

#endif
