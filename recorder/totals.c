/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording counts. */
#include "recorder/totals.h"

#include "recorder/report.h"

#include <inttypes.h>

void totals_add_source(struct totals *totals, const struct source_stats *stats)
{
    struct source_stats *sum = &totals->source;
    sum->messages += stats->messages;
    sum->foreign += stats->foreign;
    sum->lost += stats->lost;
    sum->malformed += stats->malformed;
    sum->cut = sum->cut || stats->cut;
}

void totals_add_paths(struct totals *totals, const struct assembler_counts *counts)
{
    struct assembler_counts *sum = &totals->paths;
    sum->paths += counts->paths;
    sum->incomplete += counts->incomplete;
    sum->ambiguous += counts->ambiguous;
    sum->copies += counts->copies;
    sum->orphans += counts->orphans;
    sum->evicted += counts->evicted;
    sum->no_rules += counts->no_rules;
    sum->unkept += counts->unkept;
    sum->malformed += counts->malformed;
}

uint64_t totals_malformed(const struct totals *totals)
{
    return totals->source.malformed + totals->paths.malformed;
}

void totals_report(const struct totals *totals)
{
    if (totals->source.foreign > 0)
        report_note("%" PRIu64 " other messages of NFLOG group 0 were left out: they are no TRACE messages",
                    totals->source.foreign);
    if (totals_malformed(totals) > 0)
        report_note("%" PRIu64 " messages could not be read", totals_malformed(totals));
    if (totals->paths.incomplete > 0)
        report_note("%" PRIu64 " packets are incomplete: messages of them were lost",
                    totals->paths.incomplete);
    if (totals->paths.evicted > 0)
        report_note("%" PRIu64 " packets were given up before their end was seen: too many were under way",
                    totals->paths.evicted);
    if (totals->paths.no_rules > 0)
        report_note("%" PRIu64
                    " packets have no verdict because the rules they met are not known (with -r, --rules "
                    "and --rules6 give them)",
                    totals->paths.no_rules);
    if (totals->paths.ambiguous > 0)
        report_note("%" PRIu64 " packets are ambiguous: nothing told their messages from another's",
                    totals->paths.ambiguous);
}
