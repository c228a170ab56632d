/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a recording is. */
#include "recorder/progress.h"

#include "recorder/status.h"

void progress_show(const struct writer *writer, const struct source_stats *stats, double done,
                   uint64_t now_ns)
{
    const struct status_counts counts = {
        .packets = writer_packets(writer),
        .messages = stats->messages,
        .lost = stats->lost,
        .dropped = writer_verdicts(writer, VERDICT_DROP),
        .rejected = writer_verdicts(writer, VERDICT_REJECT),
        .progress = done,
    };
    status_show(&counts, now_ns);
}
