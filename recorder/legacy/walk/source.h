/* SPDX-License-Identifier: GPL-2.0-or-later */
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
    uint64_t foreign;   /* messages of the group that are none: NFLOG rules, conntrack's log_invalid */
    uint64_t lost;      /* TRACE or foreign messages known to be lost, the tail included */
    uint64_t malformed; /* datagrams, messages or blocks that could not be parsed */
    bool cut;           /* replay: the file ends within a block */
    uint64_t end_ns;    /* replay: when the recording stopped, since the epoch; 0: the file does not say */
};

/* What a source hands over while it is drained. Any of the functions may be null. */
struct source_sink {
    void (*event)(void *user, const struct event *event);
    /* So many messages were lost before whatever comes next. Told only where no event is at hand to say it:
     * each lost message is counted once, either here or in an event's `lost_before`. */
    void (*lost)(void *user, uint64_t count);
    /* A message of the group that is no TRACE message; `prefix` says whose. */
    void (*foreign)(void *user, struct bytes prefix);
    /* Replay of our own capture: a ruleset's part stands in the file, in its place. */
    void (*ruleset)(void *user, const struct ruleset_part *part);
    void *user;
};

enum source_state {
    SOURCE_WAIT, /* nothing more for now: wait for the descriptor */
    SOURCE_MORE, /* stopped at a bound: call again soon */
    SOURCE_END,  /* there will be nothing more */
};

struct source_ops {
    const char *name;
    /* Hands over what there is, up to a bound of a few thousand messages. Returns an enum source_state or a
     * negative errno with `error` filled. After SOURCE_WAIT from a live source that had messages the caller
     * sleeps 1 ms before it polls: that saves 20 to 30 % of the time, and the buffer holds far more. */
    int (*drain)(struct source *source, const struct source_sink *sink, struct error *error);
    /* What poll() waits on; -1 where the source is always ready. */
    int (*fd)(const struct source *source);
    /* Right at any moment; `lost` is complete, tail included, once the kernel sends no more. */
    void (*stats)(struct source *source, struct source_stats *ret_stats);
    /* Fraction done, 0 to 1; negative where that has no meaning. */
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
