/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which messages did not become whole paths. */
#include "recorder/output/counts_report.h"

#include <inttypes.h>

#include "recorder/report/report.h"

void counts_report(const struct backend_counts *counts)
{
    if (counts->foreign > 0)
        report_note("%" PRIu64 " other messages of NFLOG group 0 were left out: they are no TRACE messages",
                    counts->foreign);
    if (counts->malformed > 0)
        report_note("%" PRIu64 " messages could not be read", counts->malformed);
    if (counts->incomplete > 0)
        report_note("%" PRIu64 " packets are incomplete: messages of them were lost", counts->incomplete);
    if (counts->evicted > 0)
        report_note("%" PRIu64 " packets were given up before their end was seen: too many were under way",
                    counts->evicted);
    if (counts->no_rules > 0)
        report_note("%" PRIu64
                    " packets have no verdict because the rules they met are not known (with -r, --rules "
                    "and --rules6 give them)",
                    counts->no_rules);
    if (counts->ambiguous > 0)
        report_note("%" PRIu64 " packets are ambiguous: nothing told their messages from another's",
                    counts->ambiguous);
}
