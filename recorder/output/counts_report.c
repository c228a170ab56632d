/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which messages did not become whole paths. */
#include "recorder/output/counts_report.h"

#include <inttypes.h>

#include "recorder/report/report.h"

void counts_report(const struct backend_counts *counts)
{
    if (counts->foreign > 0)
        report_note("%" PRIu64 " other messages of NFLOG group 0 were ignored: they are not TRACE messages",
                    counts->foreign);
    if (counts->malformed > 0)
        report_note("%" PRIu64 " messages could not be read", counts->malformed);
    if (counts->incomplete > 0)
        report_note("%" PRIu64 " packets are incomplete: some of their messages were lost",
                    counts->incomplete);
    if (counts->evicted > 0)
        report_note("%" PRIu64 " packets were evicted before their end was seen: too many were in flight",
                    counts->evicted);
    if (counts->no_rules > 0)
        report_note("%" PRIu64 " packets have no verdict because the rules they met are not known (with -r, "
                    "--rules and --rules6 supply them)",
                    counts->no_rules);
    if (counts->ambiguous > 0)
        report_note("%" PRIu64
                    " packets are ambiguous: nothing tells their messages apart from another packet's",
                    counts->ambiguous);
}
