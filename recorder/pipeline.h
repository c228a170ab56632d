/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way of the data: source → event → path → writer, with the rules beside it. Each network namespace
 * has a way of its own, for nothing of one says anything of another; all of them end in one writer. */
#ifndef IPTRACE_PIPELINE_H
#define IPTRACE_PIPELINE_H

#include "recorder/ruleset/agent_reply.h"
#include "recorder/source/source.h"
#include "recorder/writer.h"

struct pipeline {
    char *netns; /* name of the namespace, where it is one of several; else empty */
    struct rulebook *book;
    struct assembler *assembler;
    struct writer *writer;   /* shared */
    struct source_sink sink; /* what a source is drained into */
    char *imitation;         /* the rule that imitates TRACE and was told of last; null: none was */
    uint64_t now_ns;         /* the assembler's clock, set before draining */
};

/* `keep_all` as in rulebook_new(), `confirm_wait_ns` as in struct assembler_limits. The writer stays the
 * caller's, and must outlive the pipeline. */
void pipeline_init(struct pipeline *pipeline, struct writer *writer, const char *netns, bool keep_all,
                   uint64_t confirm_wait_ns);
void pipeline_done(struct pipeline *pipeline);

/* Puts a table's text in force, and into the file where it has begun. What is the same as what is in
 * force changes nothing. `change`: it came into force then; null: the book does not need to know when. */
int pipeline_put_ruleset(struct pipeline *pipeline, unsigned family, struct bytes text,
                         const struct ruleset_own *own, size_t own_count, uint64_t time_ns,
                         const struct interval *change, struct error *error);

/* The same with what an agent has read. */
int pipeline_put_text(struct pipeline *pipeline, unsigned family, const struct table_text *text,
                      uint64_t time_ns, const struct interval *change, struct error *error);

/* The same with a ruleset that has its number already. */
void pipeline_put(struct pipeline *pipeline, struct ruleset *ruleset, const struct interval *change);

/* An entry of the file that tells of this namespace, now. */
void pipeline_add_journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                          const char *message);
void pipeline_add_journal_fields(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                                 const char *message, const struct journal_field *fields, size_t count);

/* Ends all paths, and adds what was counted to the totals. Once. */
void pipeline_finish(struct pipeline *pipeline, struct totals *totals);

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

#endif
