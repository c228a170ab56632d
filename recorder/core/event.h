/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a source hands to the core: one TRACE message, with what only the source can know of it. */
#ifndef IPTRACE_CORE_EVENT_H
#define IPTRACE_CORE_EVENT_H

#include "format/message.h"
#include "format/step.h"

/* All `struct bytes` are valid during the call that hands the event over; the core copies what it keeps. */
struct event {
    struct message message;
    /* Names of the message's interface indexes when it arrived; `if7` where index 7 had no name any more;
     * empty where the message has no such attribute. */
    struct bytes in, out, physin, physout;
    /* Replay of one of our captures: what the recorder found the message to mean then. Null: not known yet.
     */
    const struct step *step;
    /* Messages that the source knows to have been lost immediately before this one. */
    uint64_t lost_before;
};

/* The time that stands for "now" as far as the messages tell: what the path assembler measures its timeouts
 * in. A live source gives the time of reading (CLOCK_REALTIME), replay the time of the message. */
struct event_clock {
    uint64_t now_ns;
};

#endif
