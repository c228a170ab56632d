/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a recording is, for the status line. */
#ifndef IPTRACE_PROGRESS_H
#define IPTRACE_PROGRESS_H

#include "recorder/source/source.h"
#include "recorder/writer.h"

/* Where a status line is wanted and due: cheap enough for every turn of a loop. `now_ns` is monotonic. */
void progress_show(const struct writer *writer, struct source *source, uint64_t now_ns);

#endif
