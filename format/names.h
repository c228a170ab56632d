/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The numbers of the format and the words that people read for them, one aligned table per list.
 *
 * A number that is not in its table comes from a later recorder: its name is null, and a reader shows the
 * number and makes no claim about it. */
#ifndef IPTRACE_FORMAT_NAMES_H
#define IPTRACE_FORMAT_NAMES_H

/* How the packet's way through the tables ended. */
#define VERDICT_TABLE(X)                                                                                     \
    X(VERDICT_UNKNOWN, 0, "UNKNOWN") /* its end was not seen */                                              \
    X(VERDICT_ACCEPT, 1, "ACCEPT")   /* every legacy table on its way let it pass */                         \
    X(VERDICT_DROP, 2, "DROP")                                                                               \
    X(VERDICT_REJECT, 3, "REJECT")                                                                           \
    X(VERDICT_QUEUE, 4, "QUEUE")   /* handed to a program by NFQUEUE and not seen again */                   \
    X(VERDICT_STOLEN, 5, "STOLEN") /* a target kept it for itself, as SYNPROXY does */

/* Why we say so: the reason for the verdict. */
#define REASON_TABLE(X)                                                                                      \
    X(REASON_NONE, 0, "")                                                                                    \
    X(REASON_RULE, 1, "rule")                                                                                \
    X(REASON_POLICY, 2, "policy")                                                                            \
    X(REASON_NAT, 3, "nat")                        /* a NAT target was its very last message */              \
    X(REASON_LOST, 4, "lost")                      /* messages lost, start missed, capture ended */          \
    X(REASON_NO_TABLES, 5, "no tables")            /* no table has anything of the administrator's */        \
    X(REASON_NO_RULES, 6, "no rules")              /* the rules are not known to the recorder */             \
    X(REASON_VANISHED_TABLE, 7, "vanished: table") /* inside a table, after a rule that ends none */         \
    X(REASON_VANISHED_CONNTRACK, 8, "vanished: conntrack") /* between raw and mangle */                      \
    X(REASON_VANISHED_ROUTING, 9, "vanished: routing")     /* after PREROUTING */                            \
    X(REASON_VANISHED_OUTPUT, 10, "vanished: output")      /* before POSTROUTING */                          \
    X(REASON_VANISHED_HOOK, 11, "vanished: hook")          /* between two tables of one hook */              \
    X(REASON_RULES_CHANGED, 12, "rules changed") /* old and new rules would lead to different ends */        \
    X(REASON_QUEUE, 13, "queue")     /* NFQUEUE: its fate there was not seen; or DROP, without a listener */ \
    X(REASON_EVICTED, 14, "evicted") /* too many packets were under way to wait for its end */               \
    X(REASON_TPROXY, 15, "tproxy")   /* TPROXY was its last rule: no socket, or lost in routing */

/* What happened at a step, which need not be what the kernel called it. */
#define STEP_TYPE_TABLE(X)                                                                                   \
    X(STEP_RULE, 0, "rule")                                                                                  \
    X(STEP_POLICY, 1, "policy")                                                                              \
    X(STEP_RETURN, 2, "return")                                                                              \
    X(STEP_UNKNOWN, 3, "unknown") /* the kernel said "policy" or "return", and the rules are not known */

/* Numbered as enum nf_inet_hooks in linux/netfilter.h. */
#define HOOK_TABLE(X)                                                                                        \
    X(HOOK_PREROUTING, 0, "PREROUTING")                                                                      \
    X(HOOK_INPUT, 1, "INPUT")                                                                                \
    X(HOOK_FORWARD, 2, "FORWARD")                                                                            \
    X(HOOK_OUTPUT, 3, "OUTPUT")                                                                              \
    X(HOOK_POSTROUTING, 4, "POSTROUTING")

#define BACKEND_TABLE(X)                                                                                     \
    X(BACKEND_UNKNOWN, 0, "unknown")                                                                         \
    X(BACKEND_LEGACY, 1, "legacy")                                                                           \
    X(BACKEND_NFT, 2, "nft")

// NOLINTNEXTLINE(bugprone-macro-parentheses): an enumerator
#define NAMES_ENUMERATOR(symbol, number, name) symbol = number,
enum verdict { VERDICT_TABLE(NAMES_ENUMERATOR) };
enum reason { REASON_TABLE(NAMES_ENUMERATOR) };
enum step_type { STEP_TYPE_TABLE(NAMES_ENUMERATOR) };
enum hook { HOOK_TABLE(NAMES_ENUMERATOR) HOOK_COUNT };
enum backend_id { BACKEND_TABLE(NAMES_ENUMERATOR) };
#undef NAMES_ENUMERATOR

/* Null if the number is unknown. */
const char *verdict_name(unsigned verdict);
const char *reason_name(unsigned reason);
const char *step_type_name(unsigned type);
const char *hook_name(unsigned hook);
const char *backend_name(unsigned backend);

#endif
