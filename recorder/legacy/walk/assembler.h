/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts the messages of one packet together into its path.
 *
 * Nothing in a message says which packet it belongs to. What is used: everything in the packet that stays the
 * same (packet_key()), the order in which messages come, and the rules, which determine what can come next
 * (docs/architecture.md, "Which packet is it?"). If that is not enough, the path says so. */
#ifndef IPTRACE_LEGACY_WALK_ASSEMBLER_H
#define IPTRACE_LEGACY_WALK_ASSEMBLER_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/walk/message_log.h"
#include "recorder/legacy/walk/rulebook.h"

struct assembler;

/* A path that has ended, in terms of the walk through the tables: path_steps.h turns it into a finished path.
 * Handed out once, in the order in which the packets began as far as that costs little delay. Valid during
 * the call. */
struct ended_path {
    enum ip_family family;
    uint64_t first_number; /* of its first message in the stream */
    /* Of the packet, since the epoch: its first message's or, if that has none, the time of reading, or that
     * of the next message with a time. */
    uint64_t time_ns;
    enum verdict verdict;
    enum reason reason;
    uint32_t decided; /* number of the message in `log` that decided, from 1; 0: none is known to have */
    bool incomplete, ambiguous, copy;
    bool cut;          /* messages between the first ones and the last were dropped from the path */
    uint32_t messages; /* all, including those dropped */
    const struct message_log *log;
};

typedef void assembler_emit_fn(void *user, const struct ended_path *path);

/* Whether a path that has ended, identified by the packet's first message, may be handed out now. If not, it
 * waits as it does for its rules. */
typedef bool assembler_may_go_fn(void *user, const struct event *first);

/* Totals since the beginning. */
struct assembler_counts {
    uint64_t paths, incomplete, ambiguous, copies;
    uint64_t orphans;   /* messages that fitted no path, and began one whose start is missing */
    uint64_t evicted;   /* paths not waited for to their end because too many were open */
    uint64_t no_rules;  /* paths without a verdict because their rules are not known */
    uint64_t unkept;    /* messages dropped from paths with too many steps */
    uint64_t malformed; /* TRACE messages of an unknown table, hook or family */
};

struct assembler_limits {
    uint32_t open_paths; /* paths beyond that many are ended early; 0: 65536 */
    size_t bytes;        /* likewise, memory of all open paths; 0: 64 MiB */
    /* How long a path that has ended waits for assembler_rules_confirmed(); 0: it is handed out at once,
     * because the rules cannot change. */
    uint64_t confirm_wait_ns;
    size_t waiting_bytes; /* memory of waiting paths, beyond which they are handed out early; 0: 32 MiB */
    assembler_may_go_fn *may_go; /* null: always; called with the same `user` */
};

/* Paths that were handed out before the rules were confirmed, and without being marked stale. */
struct assembler_unconfirmed {
    uint64_t paths;
    uint64_t from_ns, to_ns; /* their messages were made between these times, since the epoch */
};

/* `book` and `user` stay the caller's. */
struct assembler *assembler_new(const struct rulebook *book, const struct assembler_limits *limits,
                                assembler_emit_fn *emit, void *user);
void assembler_free(struct assembler *assembler);

/* Takes in a message. `now` may be of any clock that does not go back. Live, it must have been taken before
 * the messages were read from the source, so that a busy reader does not mistake its own delay for a packet's
 * silence. */
void assembler_add(struct assembler *assembler, const struct event *event, struct monotonic now);

/* Messages were lost: every open path may be missing some. */
void assembler_lost(struct assembler *assembler);

/* The source was read until it was empty: everything sent until `at_ns` since the epoch has been added. What
 * comes next was made later, even if the kernel gives it no time. */
void assembler_drained(struct assembler *assembler, uint64_t at_ns);

/* Ends the paths that have been silent too long, and hands out what can be. Everything sent until `now` has
 * been added. Returns the time at which it wants to be called again; MONOTONIC_NEVER if nothing is open. */
struct monotonic assembler_tick(struct assembler *assembler, struct monotonic now);

/* The rulebook was settled, and has gained rules in force since `since_ns` or later: what came since then,
 * and what came while the family's rules were under suspicion, is annotated again. UINT64_MAX: it has gained
 * none. */
void assembler_rules_settled(struct assembler *assembler, enum ip_family family, uint64_t since_ns);

/* A step is confirmed when a look at the rules that began after its message has found them as they are in the
 * book. Whoever looks takes this number before asking … */
uint64_t assembler_mark(const struct assembler *assembler);
/* … and passes it back when the book was found to be right: all messages taken in before are confirmed. */
void assembler_rules_confirmed(struct assembler *assembler, enum ip_family family, uint64_t mark);

/* True while messages of the family are unconfirmed. */
bool assembler_waits(const struct assembler *assembler, enum ip_family family);

/* What has been handed out unconfirmed since the last call. */
struct assembler_unconfirmed assembler_take_unconfirmed(struct assembler *assembler, enum ip_family family);

/* The recording ends: hands out everything. */
void assembler_finish(struct assembler *assembler);

void assembler_get_counts(const struct assembler *assembler, struct assembler_counts *ret_counts);

#endif
