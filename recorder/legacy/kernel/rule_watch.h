/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether a family's rules are still those in the rulebook: what to look at next, and what is known
 * afterwards.
 *
 * Legacy iptables announces no change. Two looks that find the same entries show that nothing changed between
 * them, unless it was changed and changed back; and a step is confirmed only when a look that began after its
 * message has found the rules as in the book. While packets wait for that, looks (those at sizes included)
 * take up to 5 % of a CPU, otherwise 1 %.
 *
 *             sizes differ, or the lock was opened: a look is due
 *   IDLE ──────────────────────────────────────────────────────────▶ ENTRIES ──▶ found the same: IDLE
 *    ▲                                                                  │ found others
 *    │        the entries are those that were seen before               ▼
 *    └────────────────────────────────────────────────────── CHECK ◀── TEXTS
 *                                                              │ not so  ▲
 *                                                              └─────────┘ at most CHECKS_MAX times
 *
 * Pure: no descriptor and no clock; the caller sends the requests and passes in the answers. */
#ifndef IPTRACE_LEGACY_KERNEL_RULE_WATCH_H
#define IPTRACE_LEGACY_KERNEL_RULE_WATCH_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/walk/rulebook.h"

/* One moment on both clocks: `monotonic` is for when something is due; `realtime_ns` (since the epoch) is for
 * comparison with messages. */
struct moment {
    struct monotonic monotonic;
    uint64_t realtime_ns;
};

enum rule_watch_phase {
    RULE_WATCH_IDLE,
    RULE_WATCH_SIZES,   /* waiting for the sizes of the tables */
    RULE_WATCH_ENTRIES, /* waiting for a look at all of their entries */
    RULE_WATCH_TEXTS,   /* waiting for the texts of the tables in `wanted` */
    RULE_WATCH_CHECK, /* waiting for another look: whether the tables stayed the same while they were read */
};

enum rule_watch_wish {
    RULE_WATCH_WANTS_NOTHING,
    RULE_WATCH_WANTS_SIZES,
    RULE_WATCH_WANTS_ENTRIES,
    RULE_WATCH_WANTS_TEXTS, /* of the tables in `wanted`, numbered as in `seen` */
};

enum rule_watch_found {
    RULE_WATCH_FOUND_NOTHING, /* yet */
    RULE_WATCH_FOUND_SIGN, /* the rules have changed, and are not read yet: suspect them since `signed_ns` */
    RULE_WATCH_FOUND_SAME, /* the book was right until `verified_ns` */
    RULE_WATCH_FOUND_CHANGE, /* and is right again with the texts that were read: `change` says since when */
    RULE_WATCH_FOUND_UNREST, /* they kept changing: the texts are the best available, and `change` is in doubt
                               */
};

/* What others did with the xtables lock, as far as is known: lock_watch.h. */
struct lock_state {
    int openings;       /* by others, ever */
    unsigned holders;   /* how many have it open now */
    uint64_t closed_ns; /* when it was last closed, realtime; 0: never */
};

struct rule_watch {
    enum rule_watch_phase phase;
    struct ruleset_state known; /* what is in the book */
    struct ruleset_state seen;  /* by the last look that found something else */
    bool is_first;              /* the book is still empty */
    uint16_t wanted;            /* bit n: the text of table n of `seen` is wanted */
    uint16_t misread;           /* likewise, a text that was printed from other entries */
    unsigned texts_missing, checks_failed;
    struct moment asked, done; /* when the last look was requested, and answered */
    uint64_t looks_ns;         /* CPU time of the looks since the phase was last idle */
    uint64_t seen_ns;          /* realtime, when what was seen was certainly in force */
    uint64_t mark, asked_mark; /* of assembler_mark(): confirmed, and when the look was requested */
    uint64_t verified_ns;      /* realtime, until when the book was right */
    struct monotonic sizes_at; /* when sizes were last looked at */
    uint64_t signed_ns;        /* realtime: since when there are signs of a change; 0: there are none */
    uint64_t signed_later_ns;  /* likewise, signs since the look was requested */
    struct lock_state lock;
    int openings_settled, openings_asked, holders_asked;
    struct ruleset_state former; /* what was known before the change */
    struct monotonic retry_at;   /* when to retry what failed */
    bool is_urgent;
    bool has_moved; /* tables changed while they were read for the first time */
    /* saw_others: since the book was last right, rules were seen that are neither those in the book nor those
     * in force now; had_others: whether there were any, once an answer has settled it. */
    bool saw_others, had_others;
    struct ruleset_state glimpse; /* the sizes that differed from what is known; no tables if they did not */
    bool is_unread;               /* the texts of `seen` could not be read */
    bool has_doubt; /* others were seen, or had the lock more than once: changes may have been undone */
    struct interval change, doubt;
};

/* `known` is what is in the book, from a look that began at `read`. `reads_all`: the book has no texts yet,
 * and the watch begins by reading them. */
void rule_watch_init(struct rule_watch *watch, const struct ruleset_state *known, struct moment read,
                     bool reads_all);

/* What to request now; `packets_wait`: there are messages that no look has confirmed. Call rule_watch_asked()
 * when it has been requested, with `mark` of assembler_mark() at that time. */
enum rule_watch_wish rule_watch_wish(const struct rule_watch *watch, struct moment now, bool packets_wait);
void rule_watch_asked(struct rule_watch *watch, enum rule_watch_wish wish, struct moment now, uint64_t mark);

/* When rule_watch_wish() will want something if nothing happens; MONOTONIC_NEVER while waiting for an
 * answer. */
struct monotonic rule_watch_due(const struct rule_watch *watch, bool packets_wait);

/* Makes the next look due at once, because the recording ends. */
void rule_watch_hurry(struct rule_watch *watch);

/* Others opened or closed the lock since `since_ns` (realtime). Call this before passing in the answers that
 * have come. */
void rule_watch_take_lock(struct rule_watch *watch, const struct lock_state *lock, uint64_t since_ns);

/* There is another sign of a change, at some time since the book was last known to be right. */
void rule_watch_take_sign(struct rule_watch *watch);

/* These take the answers. A look's CPU time is in the state. */
enum rule_watch_found rule_watch_take_state(struct rule_watch *watch, const struct ruleset_state *state,
                                            struct moment now);
/* `hash`: of the entries that the text was printed from. */
void rule_watch_take_text(struct rule_watch *watch, const char *table, uint64_t hash);
/* A request failed: a table may be gone, or busy. The watch looks again. */
void rule_watch_take_failure(struct rule_watch *watch, struct moment now);

/* After RULE_WATCH_FOUND_CHANGE: whether the table differs only in our own rules. */
bool rule_watch_changed_own(const struct rule_watch *watch, const char *table);

#endif
