/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a family's rules are still those that the book has: what to look at next, and what is known after.
 *
 * Legacy iptables announces no change. Two looks that find the same entries say that nothing changed between
 * them, unless it was changed and changed back; and a step is sure only when a look that began after its
 * message has found what the book has. While packets wait for that, looks take up to 5 % of a CPU, those at
 * the sizes included, else 1 %.
 *
 *             sizes differ, or the lock was opened: a look is due
 *   IDLE ──────────────────────────────────────────────────────────▶ ENTRIES ──▶ found the same: IDLE
 *    ▲                                                                  │ found others
 *    │        the entries are those that were seen before               ▼
 *    └────────────────────────────────────────────────────── CHECK ◀── TEXTS
 *                                                              │ not so  ▲
 *                                                              └─────────┘ at most CHECKS_MAX times
 *
 * Pure: no descriptor and no clock; requests are the caller's to send, answers are handed in. */
#ifndef IPTRACE_LEGACY_KERNEL_RULE_WATCH_H
#define IPTRACE_LEGACY_KERNEL_RULE_WATCH_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/walk/rulebook.h"

/* One moment on both clocks: `monotonic` says when something is due, `realtime_ns` (since the epoch) is
 * what messages bear. */
struct moment {
    struct monotonic monotonic;
    uint64_t realtime_ns;
};

enum rule_watch_phase {
    RULE_WATCH_IDLE,
    RULE_WATCH_SIZES,   /* waits for the sizes of the tables */
    RULE_WATCH_ENTRIES, /* for a look at all of their entries */
    RULE_WATCH_TEXTS,   /* for the texts of the tables in `wanted` */
    RULE_WATCH_CHECK,   /* for another look: whether the tables held still while they were read */
};

enum rule_watch_wish {
    RULE_WATCH_WANTS_NOTHING,
    RULE_WATCH_WANTS_SIZES,
    RULE_WATCH_WANTS_ENTRIES,
    RULE_WATCH_WANTS_TEXTS, /* of the tables in `wanted`, numbered as in `seen` */
};

enum rule_watch_found {
    RULE_WATCH_FOUND_NOTHING, /* yet */
    RULE_WATCH_FOUND_SIGN,    /* the rules are others now, and not read yet: suspect them since `signed_ns` */
    RULE_WATCH_FOUND_SAME,    /* the book was right until `verified_ns` */
    RULE_WATCH_FOUND_CHANGE,  /* and is so again with the texts that were read: `change` says since when */
    RULE_WATCH_FOUND_UNREST,  /* they never held still: the texts are the best there is, `change` is in doubt
                               */
};

/* What others did with the xtables lock, as far as is known: lock_watch.h. */
struct lock_state {
    int openings;       /* by others, ever */
    unsigned holders;   /* who have it open now */
    uint64_t closed_ns; /* when it was last closed, realtime; 0: never */
};

struct rule_watch {
    enum rule_watch_phase phase;
    struct ruleset_state known; /* what the book has */
    struct ruleset_state seen;  /* by the last look that found others */
    bool is_first;              /* the book has nothing yet */
    uint16_t wanted;            /* bit n: the text of table n of `seen` */
    uint16_t misread;           /* likewise, a text that is of other entries */
    unsigned texts_missing, checks_failed;
    struct moment asked, done; /* when the last look was asked for, and answered */
    uint64_t looks_ns;         /* CPU time of the looks since it was last idle */
    uint64_t seen_ns;          /* realtime, when what was seen was in force for certain */
    uint64_t mark, asked_mark; /* of assembler_mark(): confirmed, and when the look was asked for */
    uint64_t verified_ns;      /* realtime, until when the book was right */
    struct monotonic sizes_at; /* when sizes were last looked at */
    uint64_t signed_ns;        /* realtime: since then something speaks for a change; 0: nothing does */
    uint64_t signed_later_ns;  /* likewise, what has come since the look was asked for */
    struct lock_state lock;
    int openings_settled, openings_asked, holders_asked;
    struct ruleset_state former; /* what was known before the change */
    struct monotonic retry_at;   /* what failed is not tried again before */
    bool is_urgent;
    bool has_moved; /* tables changed while they were read for the first time */
    /* Rules were seen since the book was last right that are neither the book's nor what is in force now; at
     * an answer that settles it, whether there were any. */
    bool saw_others, had_others;
    struct ruleset_state glimpse; /* the sizes that differed from what is known; no tables: they did not */
    bool is_unread;               /* the texts of `seen` could not be read */
    bool has_doubt; /* others were seen, or had the lock more than once: it may have been changed and back */
    struct interval change, doubt;
};

/* `known` is what the book has, of a look that began at `read`. `reads_all`: the book has no text of it yet,
 * and the watch begins with reading them. */
void rule_watch_init(struct rule_watch *watch, const struct ruleset_state *known, struct moment read,
                     bool reads_all);

/* What to ask for now; `packets_wait`: there are messages that no look has confirmed. Say rule_watch_asked()
 * when it was asked, with the number of messages taken in by then. */
enum rule_watch_wish rule_watch_wish(const struct rule_watch *watch, struct moment now, bool packets_wait);
void rule_watch_asked(struct rule_watch *watch, enum rule_watch_wish wish, struct moment now, uint64_t mark);

/* When rule_watch_wish() will want something if nothing happens, never while an
 * answer is awaited. */
struct monotonic rule_watch_due(const struct rule_watch *watch, bool packets_wait);

/* Asks for the next look at once: the recording ends. */
void rule_watch_hurry(struct rule_watch *watch);

/* Others opened or closed the lock since `since_ns` (realtime). Say it before the answers that have come. */
void rule_watch_take_lock(struct rule_watch *watch, const struct lock_state *lock, uint64_t since_ns);

/* Something else speaks for a change, some time since the book was known to be right. */
void rule_watch_take_sign(struct rule_watch *watch);

/* Answers. A look's CPU time is in the state. */
enum rule_watch_found rule_watch_take_state(struct rule_watch *watch, const struct ruleset_state *state,
                                            struct moment now);
/* `hash`: of the entries that the text was printed from. */
void rule_watch_take_text(struct rule_watch *watch, const char *table, uint64_t hash);
/* One failed: a table may be gone, or busy. It looks again. */
void rule_watch_take_failure(struct rule_watch *watch, struct moment now);

/* After RULE_WATCH_FOUND_CHANGE: the table differs in nothing but our own rules. */
bool rule_watch_changed_own(const struct rule_watch *watch, const char *table);

#endif
