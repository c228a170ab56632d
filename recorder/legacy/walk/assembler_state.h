/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the assembler share: assembler.c finds the path of a message, assembler_end.c ends
 * paths. */
#ifndef IPTRACE_LEGACY_WALK_ASSEMBLER_STATE_H
#define IPTRACE_LEGACY_WALK_ASSEMBLER_STATE_H

#include "recorder/legacy/walk/assembler.h"
#include "recorder/legacy/walk/path_store.h"

/* How long a path may be silent that a program behind NFQUEUE has. */
#define SILENCE_QUEUED_NS 120000000000ull

#define SWEEP_MESSAGES 1024 /* from one look for paths that have ended to the next */

/* What is known of a family's rules, in numbers of messages taken in. */
struct confirmation {
    uint64_t last;      /* its last message */
    uint64_t confirmed; /* all of its messages until this one are sure */
    struct assembler_unconfirmed unconfirmed;
};

struct assembler {
    const struct rulebook *book;
    assembler_emit_fn *emit;
    void *user;
    struct assembler_limits limits;
    struct path_store paths;
    struct stream_clock clock;
    struct confirmation confirmations[FAMILY_COUNT];
    uint32_t queued_count; /* paths in the hands of a program behind NFQUEUE */
    uint32_t equal_times;  /* messages in a row that had the time of their path's last one */
    struct monotonic now;
    bool has_lost;
    struct monotonic lost; /* when messages were last lost */
    uint64_t lost_at;      /* likewise, the number of messages taken in before */
    uint64_t messages;     /* taken in */
    uint64_t sweep_at;     /* after so many messages it is time to look for paths that have ended */
    struct monotonic wake; /* before, no path can be handed out for its silence */
    struct assembler_counts counts;
};

static inline struct confirmation *confirmation_of(const struct assembler *assembler, enum ip_family family)
{
    return (struct confirmation *)&assembler->confirmations[ip_family_index(family)];
}

/* After what is known of the path changed: until when it may be silent, and what state and ring it is in. */
void assembler_await_more(struct assembler *assembler, struct path_entry *path);

/* After each message: ends what many messages have followed, and what there is no room for. */
void assembler_end_what_can_be(struct assembler *assembler);

#endif
