/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a backend counts: said at the end of a recording, and written into the file. */
#ifndef IPTRACE_CORE_BACKEND_COUNTS_H
#define IPTRACE_CORE_BACKEND_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

struct backend_counts {
    uint64_t messages;   /* of packets, read */
    uint64_t foreign;    /* that came the same way and tell of no packet */
    uint64_t lost;       /* known to be lost */
    uint64_t malformed;  /* messages, or parts of a file, that could not be read */
    uint64_t incomplete; /* packets of which messages were lost */
    uint64_t ambiguous;  /* packets that may have messages of another's */
    uint64_t evicted;    /* packets whose end was not waited for */
    uint64_t no_rules;   /* packets without a verdict because their rules are not known */
    uint64_t unkept;     /* messages left out of paths with too many steps */
    bool cut;            /* the file ends within a record */
    double progress;     /* fraction of the file that was read; negative where that has no meaning */
    uint64_t now_ns;     /* replay: how far its own time is, since the epoch; else 0 */
};

/* Adds up what several backends counted. */
void backend_counts_add(struct backend_counts *sum, const struct backend_counts *counts);

#endif
