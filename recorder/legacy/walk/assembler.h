/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the messages of one packet together into its path.
 *
 * Nothing in a message says which packet it is of. What is used: everything of the packet that stays the same
 * (packet_key()), the order in which messages come, and the rules, which tell what can come next (docs/
 * architecture.md, "Which packet is it?"). Where that is not enough the path says so. */
#ifndef IPTRACE_LEGACY_WALK_ASSEMBLER_H
#define IPTRACE_LEGACY_WALK_ASSEMBLER_H

#include "recorder/core/monotonic.h"
#include "recorder/legacy/walk/message_log.h"
#include "recorder/legacy/walk/rulebook.h"

struct assembler;

/* A path that has ended, as the walk through the tables knows it: path_steps.h makes what is handed on of it.
 * Handed out once, in the order in which the packets began as far as that costs little delay. Valid during
 * the call. */
struct ended_path {
    enum ip_family family;
    uint64_t first_number; /* of its first message in the stream */
    uint64_t time_ns; /* of the packet, since the epoch: its first message's, or where that has none, the time
                         of reading, or that of the next message with a time */
    enum verdict verdict;
    enum reason reason;
    uint32_t decided; /* number of the message in `log` that decided, from 1; 0: none is known to have */
    bool incomplete, ambiguous, copy;
    bool cut;          /* messages between the first ones and the last are not kept */
    uint32_t messages; /* all, also those not kept */
    const struct message_log *log;
};

typedef void assembler_emit_fn(void *user, const struct ended_path *path);

/* Whether a path that has ended may be handed out now, as far as those know that are asked: by the packet's
 * first message. Where not, it waits as for its rules. */
typedef bool assembler_may_go_fn(void *user, const struct event *first);

/* Counts since the beginning. */
struct assembler_counts {
    uint64_t paths, incomplete, ambiguous, copies;
    uint64_t orphans;   /* messages that fitted to no path and began one of which the start is missing */
    uint64_t evicted;   /* paths whose end was not waited for because too many were open */
    uint64_t no_rules;  /* paths without a verdict because their rules are not known */
    uint64_t unkept;    /* messages left out of paths with too many steps */
    uint64_t malformed; /* messages that are TRACE messages of no table, hook or family that we know */
};

struct assembler_limits {
    uint32_t open_paths; /* ended early beyond; 0: 65536 */
    size_t bytes;        /* likewise, memory of all that is open; 0: 64 MiB */
    /* How long a path that has ended waits for assembler_rules_confirmed(); 0: it is handed out at once, for
     * the rules cannot change. */
    uint64_t confirm_wait_ns;
    size_t waiting_bytes;        /* memory of those that wait, handed out early beyond; 0: 32 MiB */
    assembler_may_go_fn *may_go; /* null: always; gets the same user */
};

/* Paths that were handed out before it was known that the rules had not changed, and without a mark. */
struct assembler_unconfirmed {
    uint64_t paths;
    uint64_t from_ns, to_ns; /* their messages were made between the two, since the epoch */
};

/* The book and the user stay the caller's. */
struct assembler *assembler_new(const struct rulebook *book, const struct assembler_limits *limits,
                                assembler_emit_fn *emit, void *user);
void assembler_free(struct assembler *assembler);

/* Takes a message in. `now` may be of any clock that does not go back; live it must be a time at which
 * everything sent before was not yet read, so that a busy reader does not take its own delay for a packet's
 * silence. */
void assembler_add(struct assembler *assembler, const struct event *event, struct monotonic now);

/* Messages were lost: every open path may miss some. */
void assembler_lost(struct assembler *assembler);

/* The source was read empty: everything sent until `at_ns` since the epoch has been added. What comes next
 * was made later, also where the kernel gives it no time. */
void assembler_drained(struct assembler *assembler, uint64_t at_ns);

/* Ends the paths that have been silent too long, and hands out what can be. Everything sent until `now`
 * has been added. Returns the time at which it wants to be called again; never where nothing is open. */
struct monotonic assembler_tick(struct assembler *assembler, struct monotonic now);

/* The book was settled, and has rules in force since `since_ns` or later that it did not have: what came
 * since then, and what came while the family's rules were under suspicion, is understood anew. UINT64_MAX: no
 * others. */
void assembler_rules_settled(struct assembler *assembler, enum ip_family family, uint64_t since_ns);

/* A step is sure when a look at the rules that began after its message has found what the book has. Whoever
 * looks takes this number before it asks … */
uint64_t assembler_mark(const struct assembler *assembler);
/* … and gives it back when the book was found right: all messages taken in before are sure. */
void assembler_rules_confirmed(struct assembler *assembler, enum ip_family family, uint64_t mark);

/* True while there are messages of the family that no look has confirmed. */
bool assembler_waits(const struct assembler *assembler, enum ip_family family);

/* What has gone unconfirmed since the last call. */
struct assembler_unconfirmed assembler_take_unconfirmed(struct assembler *assembler, enum ip_family family);

/* The recording ends: hands out everything. */
void assembler_finish(struct assembler *assembler);

void assembler_get_counts(const struct assembler *assembler, struct assembler_counts *ret_counts);

#endif
