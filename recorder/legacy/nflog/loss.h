/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many messages are missing, from two counters that each know a part. Pure.
 *
 * The sequence number in each message shows a gap exactly and in its place, but only once a later message has
 * come. The socket's drop counter shows datagrams, as soon as they are dropped, the tail included; we ask the
 * kernel for one message a datagram, so both count the same thing. */
#ifndef IPTRACE_LEGACY_NFLOG_LOSS_H
#define IPTRACE_LEGACY_NFLOG_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* Start with {0}; or with `has_sequence` set where the numbers are known to begin at `next_sequence`. */
struct loss {
    bool has_sequence;
    uint32_t next_sequence;
    uint32_t last_drops; /* the counter as it was read last: it wraps */
    uint64_t missing;    /* by sequence numbers */
    uint64_t dropped;    /* by the drop counter */
    uint64_t told;       /* returned so far by the functions below */
};

/* A message came. Returns how many were lost before it that nobody was told of yet. */
uint64_t loss_sequence(struct loss *loss, uint32_t sequence);

/* The drop counter, read after the queue was found empty. Returns how many were lost that nobody was told of
 * yet: they came after all messages that were read. */
uint64_t loss_drops(struct loss *loss, uint32_t drops);

/* The drop counter, read at any other time: only for the sum. */
void loss_note_drops(struct loss *loss, uint32_t drops);

/* All that is known. */
uint64_t loss_total(const struct loss *loss);

#endif
