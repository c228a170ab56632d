/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The pipeline of a namespace's messages: source → event → path → sink, with the rules beside it. Each
 * network namespace has its own, because nothing in one says anything about another. */
#ifndef IPTRACE_LEGACY_WALK_PIPELINE_H
#define IPTRACE_LEGACY_WALK_PIPELINE_H

#include "recorder/core/backend_sink.h"
#include "recorder/core/witness.h"
#include "recorder/legacy/walk/path_steps.h"
#include "recorder/legacy/walk/source.h"

struct pipeline {
    char *netns; /* name of the namespace if it is one of several; else empty */
    struct rulebook *book;
    struct assembler *assembler;
    struct path_steps steps;        /* memory for the path that is handed on */
    const struct backend_sink *out; /* where the backend hands paths on to */
    struct witness *const *witnesses;
    struct source_sink sink; /* what a source is drained into */
    uint64_t taken;          /* messages so far, also those that are no TRACE messages */
    struct monotonic now;    /* the assembler's clock, set before draining */
};

/* Initialised in place, and not to be moved: the sink and the assembler point to it. `keep_all` is as in
 * rulebook_new(), `confirm_wait_ns` as in struct assembler_limits. `out` and `witnesses` (null-terminated, or
 * null) stay the caller's and must outlive the pipeline. */
void pipeline_init(struct pipeline *pipeline, const struct backend_sink *out,
                   struct witness *const *witnesses, const char *netns, bool keep_all,
                   uint64_t confirm_wait_ns);
void pipeline_done(struct pipeline *pipeline);

/* Puts the rules in a table's text in force, and writes them to the file if that has begun. A text equal to
 * the one in force changes nothing. `change`: when it came into force; null: the book does not need to
 * know. */
int pipeline_put_ruleset(struct pipeline *pipeline, enum ip_family family, struct bytes text,
                         const struct ruleset_own *own, size_t own_count, uint64_t time_ns,
                         const struct interval *change, struct error *error);

/* The same with a ruleset that has its number already. */
void pipeline_put(struct pipeline *pipeline, struct ruleset *ruleset, const struct interval *change);

/* Adds a journal entry about this namespace, dated now. */
void pipeline_add_journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                          const char *message);
void pipeline_add_journal_fields(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                                 const char *message, const struct journal_field *fields, size_t count);

/* Passes on the rulesets in force, or with `former` earlier ones that messages may still refer to: see
 * each_rules() of struct backend_ops. */
void pipeline_each_rules(const struct pipeline *pipeline, bool former, backend_rules_fn *take, void *user);

/* Passes one ruleset on to `take`. */
void pipeline_tell_rules(const struct ruleset *ruleset, struct bytes netns, backend_rules_fn *take,
                         void *user);

/* Adds what the assembler counted. */
void pipeline_add_counts(const struct pipeline *pipeline, struct backend_counts *counts);

#endif
