/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How many packets were written, and what they were. A packet is counted when it is handed on; if writing
 * fails, those that did not reach the file are subtracted again. Pure. */
#ifndef IPTRACE_OUTPUT_TALLY_H
#define IPTRACE_OUTPUT_TALLY_H

#include <glib.h>

#include "recorder/core/finished_path.h"

struct tally {
    uint64_t packets, messages, incomplete, ambiguous;
    uint64_t verdicts[VERDICT_STOLEN + 1];
    GArray *unsettled; /* packets that may not be in the file yet, in order; private */
};

void tally_init(struct tally *tally);
void tally_done(struct tally *tally);

#define TALLY_WRITTEN 0 /* there is no file to wait for */

/* Counts a packet whose block ends at byte `end` of the file. */
void tally_add(struct tally *tally, const struct finished_path *path, uint64_t end);

/* `written` bytes of the file are written: the packets in them stay counted, whatever happens. */
void tally_settle(struct tally *tally, uint64_t written);

/* The remaining packets will never be written: subtracts them. */
void tally_forget_unsettled(struct tally *tally);

#endif
