/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the two halves of the assembler share: assembler.c finds the path of a message, and assembler_end.c
 * ends paths. */
#ifndef IPTRACE_LEGACY_WALK_ASSEMBLER_STATE_H
#define IPTRACE_LEGACY_WALK_ASSEMBLER_STATE_H

#include "recorder/legacy/walk/assembler.h"
#include "recorder/legacy/walk/path_store.h"

/* How long a path may be silent whose packet is held by a program that serves NFQUEUE. */
#define SILENCE_QUEUED_NS 120000000000ull

#define SWEEP_MESSAGES 1024 /* between two searches for paths that have ended */

/* How far a family's rules have been confirmed, as numbers of messages taken in. */
struct confirmation {
    uint64_t last;      /* the family's last message */
    uint64_t confirmed; /* its messages up to this one are confirmed */
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
    uint32_t queued_count; /* paths whose packets are held by a program that serves NFQUEUE */
    uint32_t equal_times;  /* messages in a row with the same time as their path's last one */
    struct monotonic now;
    bool has_lost;
    struct monotonic lost; /* when messages were last lost */
    uint64_t lost_at;      /* likewise, the number of messages taken in before */
    uint64_t messages;     /* taken in */
    uint64_t sweep_at;     /* number of messages at which to search again for paths that have ended */
    struct monotonic wake; /* until then, no path can be handed out because of its silence */
    struct assembler_counts counts;
};

static inline struct confirmation *confirmation_of(const struct assembler *assembler, enum ip_family family)
{
    return (struct confirmation *)&assembler->confirmations[ip_family_index(family)];
}

/* To be called after a path changed: sets how long it may be silent, and its state and ring. */
void assembler_await_more(struct assembler *assembler, struct path_entry *path);

/* To be called after each message: ends paths that many messages have followed, and those there is no room
 * for. */
void assembler_end_what_can_be(struct assembler *assembler);

#endif
