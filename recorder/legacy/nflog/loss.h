/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How many messages are missing, from two counters that each know a part of it. Pure.
 *
 * The sequence number in each message shows a gap exactly and in its place, but only once a later message has
 * come. The socket's drop counter counts datagrams as soon as they are dropped, including the last ones; we
 * ask the kernel for one message per datagram, so both count the same thing. */
#ifndef IPTRACE_LEGACY_NFLOG_LOSS_H
#define IPTRACE_LEGACY_NFLOG_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* Start with {0}, or with `has_sequence` set if the numbers are known to begin at `next_sequence`. */
struct loss {
    bool has_sequence;
    uint32_t next_sequence;
    uint32_t last_drops; /* the counter when it was last read: it wraps */
    uint64_t missing;    /* by sequence numbers */
    uint64_t dropped;    /* by the drop counter */
    uint64_t told;       /* returned so far by the functions below */
};

/* To be called when a message came. Returns how many were lost before it that have not been returned yet. */
uint64_t loss_sequence(struct loss *loss, uint32_t sequence);

/* Takes the drop counter, read after the queue was found empty. Returns how many were lost that have not been
 * returned yet: they came after all messages that were read. */
uint64_t loss_drops(struct loss *loss, uint32_t drops);

/* Takes the drop counter, read at any other time: only for the total. */
void loss_note_drops(struct loss *loss, uint32_t drops);

/* All messages known to be lost. */
uint64_t loss_total(const struct loss *loss);

#endif
