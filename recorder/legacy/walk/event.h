/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source hands to the core: one TRACE message, with what only the source can know of it. */
#ifndef IPTRACE_LEGACY_WALK_EVENT_H
#define IPTRACE_LEGACY_WALK_EVENT_H

#include "format/message.h"
#include "format/step_copy.h"

/* All `struct bytes` are valid during the call that hands the event over; the core copies what it keeps.
 *
 * `message.number` counts what the kernel sent as far as the source knows: TRACE messages that were lost have
 * numbers too, so that the numbers of the messages that are left tell where something is missing. Foreign
 * messages have none. */
struct event {
    struct message message;
    /* Which capture it is of: 0 live and in a foreign file. Numbers, packets and time run in each capture by
     * themselves. */
    uint32_t capture_id;
    /* Name of the network namespace, where the capture is one of several; else empty. */
    struct bytes netns;
    /* Names of the message's interface indexes when it arrived; `if7` where index 7 has no known name; empty
     * where the message has no such attribute. */
    struct bytes in, out, physin, physout;
    /* Since the epoch. Live: CLOCK_REALTIME at reading. Replay: the time of the file's record, or of the
     * message, or where that has none, of the one before. This is "now" as far as the messages tell, and what
     * timeouts between them are measured in. */
    uint64_t received_ns;
    /* Replay of one of our captures: what the recorder found the message to mean then; of its `context` only
     * the interface names are set. Null: not known yet. */
    struct step_copy *step;
    /* Messages that the source knows to have been lost immediately before this one. */
    uint64_t lost_before;
};

#endif
