/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way of the data: source → event → path → writer, with the rules beside it. */
#ifndef IPTRACE_PIPELINE_H
#define IPTRACE_PIPELINE_H

#include "recorder/source/source.h"
#include "recorder/writer.h"

struct pipeline {
    const struct options *options;
    struct rulebook *book;
    struct assembler *assembler;
    struct writer *writer;
    struct source_sink sink; /* what a source is drained into */
    uint64_t now_ns;         /* the assembler's clock, set before draining */
    uint32_t rulesets;       /* numbers given out */
    GHashTable *parts;       /* replay: rulesets of which parts are still missing */
    uint32_t capture_id;     /* replay: of the events that come now */
    bool replay;
};

/* Opens the output. pipeline_done() also after an error. */
int pipeline_init(struct pipeline *pipeline, const struct options *options, bool replay, struct error *error);
void pipeline_done(struct pipeline *pipeline);

/* Puts a table's text in force, and into the file where it has begun. Text that is the same as what is in
 * force changes nothing but the numbers of the own rules. */
int pipeline_put_ruleset(struct pipeline *pipeline, unsigned family, struct bytes text,
                         const struct ruleset_own *own, size_t own_count, uint64_t time_ns,
                         struct error *error);

/* Ends all paths and closes the output; says the totals. `stats` are the source's. */
int pipeline_finish(struct pipeline *pipeline, const struct source_stats *stats, struct error *error);

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

#endif
