/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One packet's path while its messages come in. Internal to the assembler, the choice of a path
 * (path_choice.c) and its verdict (path_verdict.c). */
#ifndef IPTRACE_LEGACY_WALK_PATH_H
#define IPTRACE_LEGACY_WALK_PATH_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/walk/arrival.h"
#include "recorder/legacy/walk/visit.h"

enum path_state {
    PATH_OPEN,
    PATH_RESTING, /* has ended, unless nat or a table further along its path still sends a message */
    PATH_CLOSED,  /* its end is known; it still serves as the origin of copies */
};

/* Paths of one key, in rings linked by `next_same_key`: open paths by the table in which they were last seen,
 * then the resting ones, then the closed ones. Only the first of each ring are examined: of open paths those
 * joined last, of the others those that came first or, when an origin is sought, those that came last. So a
 * message's path is found however many packets look the same and wait for their end to be known. */
enum path_ring {
    RING_OPEN, /* one for each table of each hook */
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
    unsigned ring;                                        /* … namely this one of its group */
    struct path_group *group;
    struct path_entry *older, *newer; /* links all paths in the order in which they began */

    /* The packet. */
    enum ip_family family;
    uint8_t protocol;
    uint64_t source;  /* hash of its source address and port */
    uint64_t time_ns; /* since the epoch */
    /* The kernel gave no time: it is that of reading, until a later message shows that it was earlier. */
    bool time_is_reading;
    uint64_t first_number; /* of its first message in the stream */

    /* Its life. */
    enum path_state state;
    struct monotonic opened, deadline; /* it has ended if it is silent until then */
    struct monotonic held;             /* when it was held back, to wait for its rules */
    uint64_t opened_at, joined_at;     /* the number of messages taken in by that time */

    /* Its messages, and where the last one left it. */
    struct message_log *log;
    uint32_t messages;               /* all, including those dropped from the path */
    uint32_t hook_begin[HOOK_COUNT]; /* number of the first message at each hook, from 1; 0: none */
    uint32_t built_in_number;        /* of the visit's last message in the hook's own chain; 0: none yet */
    uint32_t filter_end;             /* number of the last message of table filter, from 1; 0: none is left */
    struct visit visit;
    struct devices devices; /* of the last message */
    struct marks marks;     /* likewise */
    bool changing;          /* the last one's target may have changed TTL or mark */
    uint64_t history;       /* hash of where it has been: paths with the same key and history look the same */

    /* What is reported about it. */
    bool incomplete, ambiguous, copy, cut;

    /* What is known of its end and of its rules. */
    bool undecided;   /* one of its annotations is */
    bool contradicts; /* its messages contradict the rules, though none were lost */
    bool loss_seen;   /* messages were lost since it began, and it is marked incomplete if it was open then */
    bool end_lost;    /* messages were lost after its last one, which may not be its last */
    bool evicted;     /* it was ended early: too many were open */
    bool stopped;     /* it was ended by us: its silence says nothing */
};

/* How well a message fits a path. */
enum fit {
    FIT_NONE,
    FIT_LOOSE,    /* by order alone: the rules contradict it, or something in between is missing */
    FIT_REPEATED, /* the table again from its start, after NFQUEUE */
    FIT_NEXT,     /* the first message of the next table */
    FIT_INSIDE,   /* the next message of the same table */
};

/* How well the message fits, whatever happened to the destination in the meantime. */
enum fit path_fit_rewritten(const struct path_entry *path, const struct arrival *arrival);

/* The path of the group that the message belongs to, among those that it fits from `least` to `most`; null if
 * there is none. If nothing tells it from others with a different history, all of them become ambiguous,
 * because the next messages may belong to any of them. */
struct path_entry *path_choose(const struct path_group *group, const struct arrival *arrival, enum fit least,
                               enum fit most);

/* Marks as ambiguous those paths of the group that may have been mixed up with `begun`, which this message
 * begins: a message of theirs may have been its beginning, and this message may be theirs. If there are any,
 * marks `begun` too. */
void path_mark_mistakable(const struct path_group *group, struct path_entry *begun,
                          const struct arrival *arrival);

/* How many messages the path shares with a copy of its packet that begins at the hook: those before this hook
 * or, if copies are both delivered and forwarded, before the other one. 0: no copy of it can begin there. */
uint32_t path_shared_messages(const struct path_entry *path, enum hook hook);

/* The path of the group whose packet this message begins another copy of. */
struct path_entry *path_choose_origin(const struct path_group *group, const struct arrival *arrival);

/* The path that ended last among those of the group that the message would continue if they had not ended
 * according to the rules: the rules may have changed. */
struct path_entry *path_choose_ended(const struct path_group *group, const struct arrival *arrival);

/* Annotates visits of the path again, from the rules in force when each began: those with undecided
 * annotations, and those with a message that may be from `since_ns` or later. Does nothing while the rules
 * are still under suspicion, unless `force`. What remains uncertain is stale. */
void path_annotate_again(struct path_entry *path, const struct rulebook *book, uint64_t since_ns, bool force);

struct path_end {
    enum verdict verdict;
    enum reason reason;
    uint32_t decided; /* number of the deciding step's message, from 1; 0: none */
};

/* The verdict on the path if no more messages come. `stopped`: the recording ended, so silence says
 * nothing. */
struct path_end path_verdict(const struct path_entry *path, const struct rulebook *book, bool stopped);

/* True if the verdict will not change, whatever comes. */
bool path_is_final(const struct path_entry *path, const struct rulebook *book);

#endif
