/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a source hands over: one TRACE message, with what only the source can know about it. */
#ifndef IPTRACE_LEGACY_WALK_EVENT_H
#define IPTRACE_LEGACY_WALK_EVENT_H

#include "format/message.h"
#include "format/step_copy.h"

/* All `struct bytes` are valid during the call that hands the event over; the receiver copies what it keeps.
 *
 * `message.number` counts what the kernel sent, as far as the source knows: lost TRACE messages have numbers
 * too, so that gaps show where messages are missing. Foreign messages have none. */
struct event {
    struct message message;
    /* The capture it belongs to; 0 if live or from a foreign file. Each capture has its own numbers, packets
     * and time. */
    uint32_t capture_id;
    /* Name of the network namespace if the capture is one of several; else empty. */
    struct bytes netns;
    /* Names of the message's interfaces when it arrived; `if7` if index 7 has no known name; empty if the
     * message has no such attribute. */
    struct bytes in, out, physin, physout;
    /* Since the epoch. Live: CLOCK_REALTIME when it was read. Replay: the time of the file's record or of the
     * message or, if that has none, of the one before. This is "now" from the messages' point of view:
     * timeouts between them are measured by it. */
    uint64_t received_ns;
    /* Replay of one of our captures: the meaning of the message as recorded; of its `context` only the
     * interface names are set. Null: not known yet. */
    struct step_copy *step;
    /* The number of messages that the source knows were lost immediately before this one. */
    uint64_t lost_before;
};

#endif
