/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One packet's path while its messages come in. Internal to the assembler, its choice and its verdict. */
#ifndef IPTRACE_CORE_PATH_H
#define IPTRACE_CORE_PATH_H

#include "recorder/core/arrival.h"
#include "recorder/core/visit.h"

enum path_state {
    PATH_OPEN,
    PATH_CLOSED, /* its end is known; it still serves as the origin of copies */
};

struct path_entry {
    struct path_entry *next_same_key, *previous_same_key; /* a ring */
    struct path_entry *older, *newer;                     /* in the order in which they began */
    enum path_state state;
    uint64_t key;
    unsigned family;
    uint8_t protocol;
    uint64_t source; /* hash of its source address and port */
    uint64_t first_number;
    uint64_t opened_ns, deadline_ns;
    uint64_t opened_at, joined_at; /* the number of messages taken in by then */
    uint64_t time_ns;              /* of the packet, since the epoch */
    bool time_open; /* the kernel gave none: it is the time of reading until a later message says it was
                       earlier */
    struct message_log *log;
    struct visit visit;
    struct devices devices; /* of the last message */
    struct marks marks;     /* likewise */
    bool changing;          /* the last one's target may have changed TTL or mark */
    bool incomplete, ambiguous, copy, cut;
    bool end_lost;     /* messages were lost since its last one: another may have been its last */
    bool loss_seen;    /* messages were lost since it began, and it is marked so if it was open then */
    bool open;         /* an annotation of it is */
    bool contradicts;  /* its messages and the rules do not go together, though none were lost */
    bool stopped;      /* it was ended: its silence says nothing */
    uint64_t held_ns;  /* when it was set aside */
    uint32_t messages; /* all, also those not kept */
    uint32_t hook_begin[HOOK_COUNT]; /* number of the first message of each hook, from 1; 0: not there */
    uint32_t filter_end;             /* number of the last message of table filter, from 1; 0: none is kept */
    uint64_t history; /* hash of where it has been: paths of one key with the same cannot be told apart */
};

/* How well a message fits to a path. */
enum fit {
    FIT_NONE,
    FIT_LOOSE,    /* by order alone: the rules contradict, or something between is missing */
    FIT_REPEATED, /* the table from its start again, after NFQUEUE */
    FIT_NEXT,     /* the first message of the next table */
    FIT_INSIDE,   /* the next message of the same table */
};

enum fit path_fit(const struct path_entry *path, const struct arrival *arrival);

/* Likewise, whatever happened to the destination meanwhile. */
enum fit path_fit_rewritten(const struct path_entry *path, const struct arrival *arrival);

/* The path of the list (a ring by `next_same_key`, of which the first are looked at) that the message belongs
 * to; null where it fits to none.
 * `*ret_fit` tells how. Where nothing tells it from others with another history, all of them become
 * ambiguous: what comes next may be any of theirs. */
struct path_entry *path_choose(struct path_entry *list, const struct arrival *arrival, bool loose,
                               enum fit *ret_fit);

/* Marks paths of the list of which a message may have been the beginning of `begun`, which this message
 * begins, and this message theirs; and with them `begun`. */
void path_mark_mistakable(struct path_entry *list, struct path_entry *begun, const struct arrival *arrival);

/* How many messages the path shares with a copy of its packet that begins at the hook: those before this
 * hook, or, where copies go both in and on, before the other one. 0: no copy of it can begin there. */
uint32_t path_shared_messages(const struct path_entry *path, enum hook hook);

/* The path of the list of which the message begins another copy. */
struct path_entry *path_choose_origin(struct path_entry *list, const struct arrival *arrival);

/* The path of the list that ended last of those that the message would go on with, had the rules not said
 * that they had ended: the rules may have changed. */
struct path_entry *path_choose_ended(struct path_entry *list, const struct arrival *arrival);

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
