/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The only output of every backend. */
#ifndef IPTRACE_CORE_BACKEND_SINK_H
#define IPTRACE_CORE_BACKEND_SINK_H

#include "recorder/core/finished_path.h"
#include "recorder/core/journal.h"
#include "recorder/core/rules_record.h"

/* What a backend hands over to one recording. Pointers are valid during the call only. */
struct backend_sink {
    /* A replayed file begins with this interface, at this time since the epoch. Called before anything else,
     * and by replay only: a live recording names its interfaces when it starts. */
    void (*begin)(void *user, struct bytes interface, uint64_t time_ns);
    void (*path)(void *user, const struct finished_path *path);
    /* `count` messages were lost before whatever comes next. */
    void (*lost)(void *user, uint64_t count);
    /* The number of the next ruleset in the capture, from 1. */
    uint32_t (*number_rules)(void *user);
    /* Rules that are in force from now on. */
    void (*rules)(void *user, const struct rules_record *rules);
    /* A journal entry for the file, dated now, about the namespace of that name (empty if only one is
     * recorded). */
    void (*journal)(void *user, const char *netns, enum journal_priority priority, const char *event,
                    const char *message, const struct journal_field *fields, size_t count);
    void *user;
};

typedef void backend_rules_fn(void *user, const struct rules_record *rules);

#endif
