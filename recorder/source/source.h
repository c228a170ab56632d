/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where TRACE messages come from. A new source is a file that fills one of these tables. */
#ifndef IPTRACE_SOURCE_SOURCE_H
#define IPTRACE_SOURCE_SOURCE_H

#include "format/ruleset_block.h"
#include "recorder/core/error.h"
#include "recorder/core/event.h"

struct source;

struct source_stats {
    uint64_t messages; /* TRACE messages handed over */
    uint64_t
        foreign; /* messages of the group that are no TRACE messages: NFLOG rules, conntrack's log_invalid */
    uint64_t lost;      /* TRACE or foreign messages known to be lost, the tail included */
    uint64_t malformed; /* datagrams or messages that could not be parsed */
};

/* What a source hands over while it is drained. Any of the functions may be null. */
struct source_sink {
    void (*event)(void *user, const struct event *event);
    /* Messages were lost before whatever comes next; `count` is 0 where only the fact is known. */
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
     * negative errno with `error` filled. */
    int (*drain)(struct source *source, const struct source_sink *sink, struct error *error);
    /* What poll() waits on; -1 where the source is always ready. */
    int (*fd)(const struct source *source);
    void (*stats)(struct source *source, struct source_stats *ret_stats);
    /* Fraction done, 0 to 1; negative where that has no meaning. */
    double (*progress)(const struct source *source);
    void (*close)(struct source *source);
};

/* The first member of every source. */
struct source {
    const struct source_ops *ops;
};

/* ---- NFLOG: the kernel's messages, live ---- */

struct nflog_options {
    uint32_t copy_range;  /* bytes of each packet that the kernel copies; 0 is all */
    uint32_t buffer_size; /* socket receive buffer in bytes */
};

/* Opens the socket in the network namespace of the calling thread and binds group 0 for both families.
 * Errors: EPERM where the capability is missing, EBUSY where another process holds the group (the sentence
 * names it). */
int nflog_source_open(struct source **ret_source, const struct nflog_options *options, struct error *error);

/* ---- Replay: a file ---- */

/* Opens a pcap or pcapng file of link type NFLOG, or one of our own captures (then the message blocks are
 * what is read); `-` is standard input. */
int replay_source_open(struct source **ret_source, const char *path, struct error *error);

#endif
