/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way of a namespace's messages: source → event → path → sink, with the rules beside it. Each network
 * namespace has a way of its own, for nothing of one says anything of another. */
#ifndef IPTRACE_LEGACY_WALK_PIPELINE_H
#define IPTRACE_LEGACY_WALK_PIPELINE_H

#include "recorder/core/backend_sink.h"
#include "recorder/core/witness.h"
#include "recorder/legacy/walk/path_steps.h"
#include "recorder/legacy/walk/source.h"

struct pipeline {
    char *netns; /* name of the namespace, where it is one of several; else empty */
    struct rulebook *book;
    struct assembler *assembler;
    struct path_steps steps;        /* room for the path that is handed on */
    const struct backend_sink *out; /* what the backend hands on to */
    struct witness *const *witnesses;
    struct source_sink sink; /* what a source is drained into */
    uint64_t taken;          /* messages so far */
    struct monotonic now;    /* the assembler's clock, set before draining */
};

/* In place, and not to be moved: the sink and the assembler know where it is. `keep_all` as in
 * rulebook_new(), `confirm_wait_ns` as in struct assembler_limits. `out` and `witnesses` (ends with a null,
 * or is null) stay the caller's and must outlive the pipeline. */
void pipeline_init(struct pipeline *pipeline, const struct backend_sink *out,
                   struct witness *const *witnesses, const char *netns, bool keep_all,
                   uint64_t confirm_wait_ns);
void pipeline_done(struct pipeline *pipeline);

/* Puts a table's text in force, and into the file where it has begun. What is the same as what is in
 * force changes nothing. `change`: it came into force then; null: the book does not need to know when. */
int pipeline_put_ruleset(struct pipeline *pipeline, enum ip_family family, struct bytes text,
                         const struct ruleset_own *own, size_t own_count, uint64_t time_ns,
                         const struct interval *change, struct error *error);

/* The same with a ruleset that has its number already. */
void pipeline_put(struct pipeline *pipeline, struct ruleset *ruleset, const struct interval *change);

/* An entry of the file that tells of this namespace, now. */
void pipeline_add_journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                          const char *message);
void pipeline_add_journal_fields(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                                 const char *message, const struct journal_field *fields, size_t count);

/* The rulesets in force, or those that were and of which messages may be: as struct backend_ops has it. */
void pipeline_each_rules(const struct pipeline *pipeline, bool former, backend_rules_fn *take, void *user);

/* A ruleset as it is handed on. */
void pipeline_tell_rules(const struct ruleset *ruleset, struct bytes netns, backend_rules_fn *take,
                         void *user);

/* Adds what the assembler counted. */
void pipeline_add_counts(const struct pipeline *pipeline, struct backend_counts *counts);

#endif
