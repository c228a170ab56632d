/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording counts; said at the end and written into the file. */
#ifndef IPTRACE_TOTALS_H
#define IPTRACE_TOTALS_H

#include "recorder/core/assembler.h"
#include "recorder/source/source.h"

struct totals {
    struct source_stats source;
    struct assembler_counts paths;
};

/* Add up what several sources and assemblers counted. */
void totals_add_source(struct totals *totals, const struct source_stats *stats);
void totals_add_paths(struct totals *totals, const struct assembler_counts *counts);

/* Messages and what else of the group could not be read. */
uint64_t totals_malformed(const struct totals *totals);

/* Says what of the messages did not become a whole path, and why; nothing where all did. */
void totals_report(const struct totals *totals);

#endif
