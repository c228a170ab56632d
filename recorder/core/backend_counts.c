/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a backend counts. */
#include "recorder/core/backend_counts.h"

void backend_counts_add(struct backend_counts *sum, const struct backend_counts *counts)
{
    sum->messages += counts->messages;
    sum->foreign += counts->foreign;
    sum->lost += counts->lost;
    sum->malformed += counts->malformed;
    sum->incomplete += counts->incomplete;
    sum->ambiguous += counts->ambiguous;
    sum->evicted += counts->evicted;
    sum->no_rules += counts->no_rules;
    sum->unkept += counts->unkept;
    sum->cut = sum->cut || counts->cut;
    sum->progress = counts->progress;
    sum->now_ns = counts->now_ns > sum->now_ns ? counts->now_ns : sum->now_ns;
}
