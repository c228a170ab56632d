/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a recording is, for the status line. */
#ifndef IPTRACE_RECORD_PROGRESS_H
#define IPTRACE_RECORD_PROGRESS_H

#include "recorder/output/writer.h"

/* Shows the status line, which is wanted and due (status.h). `counts` are those of all backends. `now_ns` is
 * monotonic. */
void progress_show(const struct writer *writer, const struct backend_counts *counts, uint64_t now_ns);

#endif
