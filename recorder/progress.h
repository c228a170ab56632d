/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a recording is, for the status line. */
#ifndef IPTRACE_PROGRESS_H
#define IPTRACE_PROGRESS_H

#include "recorder/source/source.h"
#include "recorder/writer.h"

/* Shows the status line, which is wanted and due (status.h). `stats` are those of all sources, `done` the
 * fraction of the work; negative where that has no meaning. `now_ns` is monotonic. */
void progress_show(const struct writer *writer, const struct source_stats *stats, double done,
                   uint64_t now_ns);

#endif
