/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a source counts. */
#include "recorder/legacy/walk/source.h"

void source_add_counts(struct source *source, struct backend_counts *counts)
{
    struct source_stats stats;
    source->ops->stats(source, &stats);
    counts->messages += stats.messages;
    counts->foreign += stats.foreign;
    counts->lost += stats.lost;
    counts->malformed += stats.malformed;
    counts->cut = counts->cut || stats.cut;
}
