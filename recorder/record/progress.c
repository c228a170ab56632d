/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The progress of a recording. */
#include "recorder/record/progress.h"

#include "recorder/report/status.h"

void progress_show(const struct writer *writer, const struct backend_counts *counts, struct monotonic now)
{
    const struct status_counts shown = {
        .packets = writer_packets(writer),
        .messages = counts->messages,
        .lost = counts->lost,
        .dropped = writer_verdicts(writer, VERDICT_DROP),
        .rejected = writer_verdicts(writer, VERDICT_REJECT),
        .progress = counts->progress,
    };
    status_show(&shown, now);
}
