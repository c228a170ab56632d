/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A backend is a source of packet paths: one kind of firewall in one network namespace, or a file. It hands
 * on finished paths, rules and journal entries, all in one form, so that whoever writes, prints or counts
 * them need not know which backend it was.
 *
 * To add one, make a folder beside recorder/legacy/ that fills a struct backend_ops, and add a row to
 * recorder/record/backends.c. */
#ifndef IPTRACE_BACKEND_BACKEND_H
#define IPTRACE_BACKEND_BACKEND_H

#include <glib.h>
#include <poll.h>

#include "recorder/core/backend_counts.h"
#include "recorder/core/backend_sink.h"
#include "recorder/core/error.h"
#include "recorder/core/monotonic.h"
#include "recorder/core/options.h"
#include "recorder/core/witness.h"
#include "recorder/system/netns.h"
#include "recorder/system/surroundings.h"

/* Where a backend is to look, and who receives what it finds; all of it outlives the backend. */
struct backend_site {
    const struct options *options;
    const struct netns *netns; /* null: it reads a file */
    const char *label;         /* name of the namespace if it is one of several; else null */
    const struct backend_sink *sink;
    struct witness *const *witnesses; /* other sources on the same packets; null-terminated, or null */
};

/* Called with a sentence for each thing that was put back. */
typedef void backend_said_fn(void *user, const char *sentence);

enum backend_state {
    BACKEND_WAIT,  /* there was nothing to take: wait for the descriptors */
    BACKEND_TAKEN, /* everything there was has been taken; more may come at any moment */
    BACKEND_MORE,  /* stopped at a bound: call again at once */
    BACKEND_END,   /* nothing more will come */
};

#define BACKEND_FDS_MAX 8

struct backend;

/* Every int is 0, or a negative errno with `error` filled, unless stated otherwise. A function that may be
 * null says so: there is then nothing to do. Functions are called in the order of this list. */
struct backend_ops {
    const char *name;
    /* Needs no recording: puts back what recorders that were killed together with their guards left in the
     * namespace. Does as much as it can and returns the first error. May be null. */
    int (*clean)(const struct netns *netns, backend_said_fn *said, void *user, struct error *error);
    /* Finds what there is to record and starts the helpers, which keep the privileges; changes nothing. */
    int (*open)(struct backend **ret_backend, const struct backend_site *site, struct error *error);
    /* From now on no other process may change rules (--lock): takes the lock into `*fd` or, if that is
     * already open, notes that the lock is held. May be null. */
    int (*hold)(struct backend *backend, int *fd, struct error *error);
    /* From now on packets are recorded. `tag` marks what is put into the kernel; packets may wait
     * `confirm_wait_ns` until the backend is sure of their rules. Sentences for the user and the file are
     * appended to `notes`, one per line. If it fails, nothing stays changed. */
    int (*start)(struct backend *backend, const char *tag, uint64_t confirm_wait_ns, GString *notes,
                 struct error *error);
    /* `other` (of the same kind, perhaps in another namespace, or the backend itself) installed or removed
     * its own rules: the signs of that do not mean that the user's rules changed. May be null. */
    void (*forgive)(struct backend *backend, const struct backend *other);

    /* The state of the namespace that verdicts depend on has been read again. May be null. */
    void (*surroundings)(struct backend *backend, const struct surroundings *surroundings);
    /* Checks whether the rules changed; called before each turn, and before surroundings(). May be null. */
    int (*watch)(struct backend *backend, struct error *error);
    /* Takes what there is, up to a bound, and advances the paths' time to `now`, which was taken before the
     * surroundings were read. Never waits. Returns an enum backend_state or a negative errno. */
    int (*turn)(struct backend *backend, struct monotonic now, struct error *error);
    /* When the next turn is due if nothing happens before. */
    struct monotonic (*due)(const struct backend *backend);
    /* Fills in what to poll for; returns how many, at most BACKEND_FDS_MAX. */
    size_t (*fds)(const struct backend *backend, struct pollfd *fds);
    /* True until all rules have been read once: if there are many, recording begins before that. May be
     * null. */
    bool (*is_reading)(const struct backend *backend);
    /* False while packets wait for it to be sure of its rules; it then hurries to find out. May be null. */
    bool (*is_sure)(struct backend *backend);
    /* Passes on the rules in force, in order, for the beginning of a file; with `former`, those that are no
     * longer in force but that packets still to come may have met. */
    void (*each_rules)(struct backend *backend, bool former, backend_rules_fn *take, void *user);
    /* May be called at any time; the counts are complete once the backend has finished. */
    void (*counts)(struct backend *backend, struct backend_counts *ret_counts);

    /* No new packets are traced from now on; messages sent before are still to come. May be null. */
    int (*stop)(struct backend *backend, struct error *error);
    /* Puts back everything that was changed. Does as much as it can and returns the first error. `ret_left`
     * is a sentence that says what is left behind if no process of ours is alive to put it back; else it is
     * empty. May be null. */
    int (*restore)(struct backend *backend, struct error *ret_left, struct error *error);
    /* Ends all paths. */
    int (*finish)(struct backend *backend, struct error *error);
    /* Frees the backend, in any state: what has not been put back is, as by restore(); unfinished packets are
     * discarded. */
    void (*close)(struct backend *backend, struct error *ret_left);
};

/* The first member of every backend. */
struct backend {
    const struct backend_ops *ops;
};

#endif
