/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A backend tells of packets: it is one kind of firewall in one network namespace, or a file. It hands on
 * finished paths, rules and what happens meanwhile, all in one form, so that whoever writes, prints or counts
 * knows nothing of it.
 *
 * A new one is a folder beside recorder/legacy/ that fills a struct backend_ops, and a row in
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

/* Where a backend is to look, and who listens; all of it outlives the backend. */
struct backend_site {
    const struct options *options;
    const struct netns *netns; /* null: a file */
    const char *label;         /* what the namespace is called, where it is one of several; else null */
    const struct backend_sink *sink;
    struct witness *const *witnesses; /* who else knows of its packets; ends with a null, or is null */
};

/* Called with a sentence for each thing that was put back. */
typedef void backend_said_fn(void *user, const char *sentence);

enum backend_state {
    BACKEND_WAIT,  /* there was nothing: wait for the descriptors */
    BACKEND_TAKEN, /* all that there was has been taken: more may come at any moment */
    BACKEND_MORE,  /* stopped at a bound: call again at once */
    BACKEND_END,   /* there will be nothing more */
};

#define BACKEND_FDS_MAX 8

struct backend;

/* Every int is 0 or a negative errno with `error` filled, unless something else is said. A function that may
 * be null says so: then there is nothing to do. Calls come in the order of this list. */
struct backend_ops {
    const char *name;
    /* Without a recording: puts back what recorders that were killed, guard and all, left in the namespace.
     * Does as much as it can; the error is the first. May be null. */
    int (*clean)(const struct netns *netns, backend_said_fn *said, void *user, struct error *error);
    /* Finds what there is and starts helpers, which keep the privileges; changes nothing. */
    int (*open)(struct backend **ret_backend, const struct backend_site *site, struct error *error);
    /* Nobody else's command may change rules from now on (--lock): takes the lock into `*fd`, or where that
     * is open already, knows that it is held. May be null. */
    int (*hold)(struct backend *backend, int *fd, struct error *error);
    /* From now on packets are recorded. `tag` names what is put into the kernel; packets may wait
     * `confirm_wait_ns` until the backend is sure of their rules. Sentences for the user and the file are
     * appended to `notes`, a line each. Where it fails nothing stays changed. */
    int (*start)(struct backend *backend, const char *tag, uint64_t confirm_wait_ns, GString *notes,
                 struct error *error);
    /* `other`, of the same kind and perhaps in another namespace, or the backend itself, put its rules in or
     * took them out: what is seen of that is no change of anybody's rules. May be null. */
    void (*forgive)(struct backend *backend, const struct backend *other);

    /* What of the namespace's state its verdicts depend on was read anew. May be null. */
    void (*surroundings)(struct backend *backend, const struct surroundings *surroundings);
    /* Looks whether anything changed; before each turn, and before surroundings() is told. May be null. */
    int (*watch)(struct backend *backend, struct error *error);
    /* Takes what there is up to a bound, and lets time pass for the paths: `now` was taken
     * before the surroundings were read. Never waits. Returns an enum backend_state or a negative errno. */
    int (*turn)(struct backend *backend, struct monotonic now, struct error *error);
    /* When the next turn is due, if nothing comes before. */
    struct monotonic (*due)(const struct backend *backend);
    /* What to poll for; returns how many, at most BACKEND_FDS_MAX. */
    size_t (*fds)(const struct backend *backend, struct pollfd *fds);
    /* True until all rules have been read once: where they are many, recording begins before. May be null. */
    bool (*is_reading)(const struct backend *backend);
    /* False while packets wait for it to be sure of its rules, which it then makes haste with. May be null. */
    bool (*is_sure)(struct backend *backend);
    /* The rules in force, in order, for the beginning of a file; `former`: instead, those that are no longer
     * in force and that packets may yet be of. */
    void (*each_rules)(struct backend *backend, bool former, backend_rules_fn *take, void *user);
    /* Right at any moment; complete once the backend has finished. */
    void (*counts)(struct backend *backend, struct backend_counts *ret_counts);

    /* No new packet is traced; what was sent before is still to come. May be null. */
    int (*stop)(struct backend *backend, struct error *error);
    /* Puts back everything that was changed. Does as much as it can; the error is the first. `ret_left` is a
     * sentence that says what is left, where nothing of ours lives that could put it back; empty where
     * nothing is. May be null. */
    int (*restore)(struct backend *backend, struct error *ret_left, struct error *error);
    /* Ends all paths. */
    int (*finish)(struct backend *backend, struct error *error);
    /* Frees it at any point of its life: what was not put back is, as restore() does; packets are forgotten. */
    void (*close)(struct backend *backend, struct error *ret_left);
};

/* The first member of every backend. */
struct backend {
    const struct backend_ops *ops;
};

#endif
