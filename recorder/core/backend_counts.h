/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a backend counts: reported at the end of a recording, and written into the file. */
#ifndef IPTRACE_CORE_BACKEND_COUNTS_H
#define IPTRACE_CORE_BACKEND_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

struct backend_counts {
    uint64_t messages;   /* read, about packets */
    uint64_t foreign;    /* read from the same source, but not about a packet */
    uint64_t lost;       /* known to be lost */
    uint64_t malformed;  /* messages, or parts of a file, that could not be read */
    uint64_t incomplete; /* packets some of whose messages were lost */
    uint64_t ambiguous;  /* packets that may include another's messages */
    uint64_t evicted;    /* packets written before their end was seen */
    uint64_t no_rules;   /* packets without a verdict because their rules are not known */
    uint64_t unkept;     /* messages left out of paths with too many steps */
    bool cut;            /* the file ends in the middle of a record */
    double progress;     /* fraction of the file that was read; negative if that is meaningless */
    uint64_t now_ns;     /* replay: the current time in the file, since the epoch; else 0 */
};

/* Adds up what several backends counted. */
void backend_counts_add(struct backend_counts *sum, const struct backend_counts *counts);

#endif
