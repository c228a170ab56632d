/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet's path while its messages come in. Internal to the assembler, its choice and its verdict. */
#ifndef IPTRACE_LEGACY_WALK_PATH_H
#define IPTRACE_LEGACY_WALK_PATH_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/walk/arrival.h"
#include "recorder/legacy/walk/visit.h"

enum path_state {
    PATH_OPEN,
    PATH_RESTING, /* has ended, unless nat still speaks, or a table that this way may lead to */
    PATH_CLOSED,  /* its end is known; it still serves as the origin of copies */
};

/* Paths of one key, in rings by `next_same_key`: those that are open by the table that they were seen in
 * last, then those that rest and those that are closed. Of each ring only the first are looked at: of open
 * paths the ones that were joined last, of the others the ones that came first, and where an origin is looked
 * for the last. So however many packets look the same and wait for their end to be known, what a message can
 * belong to is found. */
enum path_ring {
    RING_OPEN, /* and one more for each table of each hook */
    RING_RESTING = HOOK_COUNT * TABLE_COUNT,
    RING_CLOSED,
    RING_COUNT,
};

struct path_group {
    uint64_t key;
    uint32_t count;
    struct path_entry *rings[RING_COUNT]; /* the first of each; null: there is none */
};

struct path_entry {
    /* Where the store has it. */
    struct path_entry *next_same_key, *previous_same_key; /* a ring … */
    unsigned ring;                                        /* … that one of its group */
    struct path_group *group;
    struct path_entry *older, *newer; /* in the order in which they began */

    /* The packet. */
    enum ip_family family;
    uint8_t protocol;
    uint64_t source;  /* hash of its source address and port */
    uint64_t time_ns; /* since the epoch */
    bool
        time_is_reading; /* the kernel gave none: it is that of reading, until a later message says it was earlier */
    uint64_t first_number; /* of its first message in the stream */

    /* Its life. */
    enum path_state state;
    struct monotonic opened, deadline; /* it has ended when it is silent until then */
    struct monotonic held;             /* when it was set aside, to wait for its rules */
    uint64_t opened_at, joined_at;     /* the number of messages taken in by then */

    /* Its messages, and where the last one left it. */
    struct message_log *log;
    uint32_t messages;               /* all, also those not kept */
    uint32_t hook_begin[HOOK_COUNT]; /* number of the first message of each hook, from 1; 0: not there */
    uint32_t built_in_number;        /* of the visit's last message in the hook's own chain; 0: none yet */
    uint32_t filter_end;             /* number of the last message of table filter, from 1; 0: none is kept */
    struct visit visit;
    struct devices devices; /* of the last message */
    struct marks marks;     /* likewise */
    bool changing;          /* the last one's target may have changed TTL or mark */
    uint64_t history; /* hash of where it has been: paths of one key with the same cannot be told apart */

    /* What is said of it. */
    bool incomplete, ambiguous, copy, cut;

    /* What is known of its end and of its rules. */
    bool undecided;   /* an annotation of it is */
    bool contradicts; /* its messages and the rules do not go together, though none were lost */
    bool loss_seen;   /* messages were lost since it began, and it is marked so if it was open then */
    bool end_lost;    /* messages were lost since its last one: another may have been its last */
    bool evicted;     /* its end was not waited for: too many were open */
    bool stopped;     /* it was ended: its silence says nothing */
};

/* How well a message fits to a path. */
enum fit {
    FIT_NONE,
    FIT_LOOSE,    /* by order alone: the rules contradict, or something between is missing */
    FIT_REPEATED, /* the table from its start again, after NFQUEUE */
    FIT_NEXT,     /* the first message of the next table */
    FIT_INSIDE,   /* the next message of the same table */
};

/* Whatever happened to the destination meanwhile. */
enum fit path_fit_rewritten(const struct path_entry *path, const struct arrival *arrival);

/* The path of the group that the message belongs to, of those to which it fits in one of the ways from
 * `least` to `most`; null where there is none. Where nothing tells it from others with another history, all
 * of them become ambiguous: what comes next may be any of theirs. */
struct path_entry *path_choose(const struct path_group *group, const struct arrival *arrival, enum fit least,
                               enum fit most);

/* Marks paths of the group of which a message may have been the beginning of `begun`, which this message
 * begins, and this message theirs; and with them `begun`. */
void path_mark_mistakable(const struct path_group *group, struct path_entry *begun,
                          const struct arrival *arrival);

/* How many messages the path shares with a copy of its packet that begins at the hook: those before this
 * hook, or, where copies go both in and on, before the other one. 0: no copy of it can begin there. */
uint32_t path_shared_messages(const struct path_entry *path, enum hook hook);

/* The path of the group of which the message begins another copy. */
struct path_entry *path_choose_origin(const struct path_group *group, const struct arrival *arrival);

/* The path of the group that ended last of those that the message would go on with, had the rules not said
 * that they had ended: the rules may have changed. */
struct path_entry *path_choose_ended(const struct path_group *group, const struct arrival *arrival);

/* Annotates visits of the path again, from the rules in force when each began: those that are open, and those
 * with a message that may be of `since_ns` or later. Does nothing where the rules are still under suspicion,
 * unless `force`. What is not sure then is stale. */
void path_annotate_again(struct path_entry *path, const struct rulebook *book, uint64_t since_ns, bool force);

struct path_end {
    enum verdict verdict;
    enum reason reason;
    uint32_t decided; /* number of the message of the deciding step, from 1; 0: none */
};

/* What is known of the path's end if nothing more comes. `stopped`: the recording ended, so silence says
 * nothing. */
struct path_end path_verdict(const struct path_entry *path, const struct rulebook *book, bool stopped);

/* True where the verdict will not change whatever comes. */
bool path_is_final(const struct path_entry *path, const struct rulebook *book);

#endif
