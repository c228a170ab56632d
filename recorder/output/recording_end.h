/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What is said when a recording ends: in the file, and to the user. */
#ifndef IPTRACE_OUTPUT_RECORDING_END_H
#define IPTRACE_OUTPUT_RECORDING_END_H

#include "recorder/core/backend_counts.h"
#include "recorder/core/capture.h"
#include "recorder/output/summary.h"
#include "recorder/output/tally.h"

/* Adds the journal entry "stop", with the counts. */
void recording_end_write(struct capture *capture, const struct tally *tally,
                         const struct backend_counts *counts, uint64_t now_ns);

/* Reports how many packets were recorded and their verdicts; which messages did not become a whole path, and why; and the rules
 * that decided most of them, unless `summary` is null. */
void recording_end_report(const struct tally *tally, const struct backend_counts *counts,
                          const struct summary *summary);

#endif
