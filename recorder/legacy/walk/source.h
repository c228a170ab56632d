/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Where TRACE messages come from. A new source is a file that fills one of these tables. */
#ifndef IPTRACE_LEGACY_WALK_SOURCE_H
#define IPTRACE_LEGACY_WALK_SOURCE_H

#include "format/ruleset_block.h"
#include "recorder/core/backend_counts.h"
#include "recorder/core/error.h"
#include "recorder/legacy/walk/event.h"

struct source;

struct source_stats {
    uint64_t messages;  /* TRACE messages handed over */
    uint64_t foreign;   /* other messages of the group: of NFLOG rules, or of conntrack's log_invalid */
    uint64_t lost;      /* TRACE or foreign messages known to have been lost, including the last ones */
    uint64_t malformed; /* datagrams, messages or blocks that could not be parsed */
    bool cut;           /* replay: the file ends within a block */
    uint64_t end_ns;    /* replay: when the recording stopped, since the epoch; 0: the file does not say */
};

/* What a source hands over while it is drained. Any of the functions may be null. */
struct source_sink {
    void (*event)(void *user, const struct event *event);
    /* `count` messages were lost before whatever comes next. Called only if there is no event to carry the
     * number: each lost message is counted once, either here or in an event's `lost_before`. */
    void (*lost)(void *user, uint64_t count);
    /* A message of the group that is not a TRACE message; `prefix` says whose it is. */
    void (*foreign)(void *user, struct bytes prefix);
    /* Replay of one of our captures: the file has a part of a ruleset at this place. */
    void (*ruleset)(void *user, const struct ruleset_part *part);
    void *user;
};

enum source_state {
    SOURCE_WAIT, /* nothing more for now: wait for the descriptor */
    SOURCE_MORE, /* stopped at a limit: call again soon */
    SOURCE_END,  /* nothing more will come */
};

struct source_ops {
    const char *name;
    /* Hands over what there is, up to a bound of a few thousand messages. Returns an enum source_state or a
     * negative errno with `error` filled. After SOURCE_WAIT from a live source that had messages, the caller
     * sleeps 1 ms before it polls: that saves 20 to 30 % of the time, and the buffer holds far more than
     * that. */
    int (*drain)(struct source *source, const struct source_sink *sink, struct error *error);
    /* The descriptor to poll; -1 if the source is always ready. */
    int (*fd)(const struct source *source);
    /* May be called at any time; `lost` is complete once the kernel sends no more. */
    void (*stats)(struct source *source, struct source_stats *ret_stats);
    /* Fraction done, 0 to 1; negative if that is meaningless. */
    double (*progress)(const struct source *source);
    void (*close)(struct source *source);
};

/* The first member of every source. */
struct source {
    const struct source_ops *ops;
};

/* Adds what the source counted. */
void source_add_counts(struct source *source, struct backend_counts *counts);

#endif
