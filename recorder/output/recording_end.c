/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What is said when a recording ends. */
#include "recorder/output/recording_end.h"

#include <inttypes.h>
#include <stdio.h>

#include "recorder/report/report.h"

void recording_end_write(struct capture *capture, const struct tally *tally,
                         const struct backend_counts *counts, uint64_t now_ns)
{
    const struct {
        const char *name;
        uint64_t value;
    } told[] = {
        {"IPTRACE_PACKETS",    tally->packets    },
        {"IPTRACE_MESSAGES",   counts->messages  },
        {"IPTRACE_LOST",       counts->lost      },
        {"IPTRACE_FOREIGN",    counts->foreign   },
        {"IPTRACE_MALFORMED",  counts->malformed },
        {"IPTRACE_INCOMPLETE", counts->incomplete},
        {"IPTRACE_AMBIGUOUS",  counts->ambiguous },
        {"IPTRACE_EVICTED",    counts->evicted   },
        {"IPTRACE_UNKEPT",     counts->unkept    },
    };
    struct journal_field fields[G_N_ELEMENTS(told)];
    char values[G_N_ELEMENTS(told)][24];
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++) {
        snprintf(values[i], sizeof values[i], "%" PRIu64, told[i].value);
        fields[i] = (struct journal_field){told[i].name, values[i]};
    }
    g_autofree char *message = g_strdup_printf("Capture stopped: %" PRIu64 " packets, %" PRIu64
                                               " TRACE messages, %" PRIu64 " messages lost",
                                               tally->packets, counts->messages, counts->lost);
    capture_add_journal(capture, now_ns, counts->lost > 0 ? JOURNAL_WARNING : JOURNAL_INFO, "stop", message,
                        fields, G_N_ELEMENTS(fields));
}

static void report_packets(const struct tally *tally, const struct backend_counts *counts)
{
    report_note("%" PRIu64 " packet%s, %" PRIu64 " TRACE messages, %" PRIu64 " messages lost", tally->packets,
                tally->packets == 1 ? "" : "s", counts->messages, counts->lost);
    g_autoptr(GString) verdicts = g_string_new(NULL);
    for (unsigned verdict = 0; verdict_name(verdict); verdict++)
        if (tally->verdicts[verdict] > 0)
            g_string_append_printf(verdicts, "%s%" PRIu64 " %s", verdicts->len > 0 ? ", " : "",
                                   tally->verdicts[verdict], verdict_name(verdict));
    if (verdicts->len > 0)
        report_note("%s", verdicts->str);
}

static void report_decisions(const struct summary *summary)
{
    if (!summary)
        return;
    g_auto(GStrv) lines = summary_lines(summary, 20);
    for (char **line = lines; *line; line++)
        report_note("%s", *line);
}

static void report_counts(const struct backend_counts *counts)
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

void recording_end_report(const struct tally *tally, const struct backend_counts *counts,
                          const struct summary *summary)
{
    report_packets(tally, counts);
    report_counts(counts);
    report_decisions(summary);
}
