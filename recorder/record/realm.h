/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A recording's part in one network namespace: the backends that report its packets, and their surroundings.
 * All realms of a recording share one writer.
 *
 * If there are several, every message and every error of a realm names its namespace. */
#ifndef IPTRACE_RECORD_REALM_H
#define IPTRACE_RECORD_REALM_H

#include "recorder/record/sink.h"
#include "recorder/system/netns.h"
#include "recorder/system/surroundings.h"

struct realm {
    const struct options *options;
    struct netns netns;
    bool is_named; /* by -n: it can end before the recording does */
    char *label;   /* name of the namespace if it is one of several; else null */
    int process;   /* a pidfd if the namespace was given by a process; else -1 */
    struct sink sink;
    GPtrArray *backends; /* of struct backend */
    struct surroundings *surroundings;
    struct monotonic looked_around; /* when the surroundings were last read */
    struct monotonic looked;        /* when it was last checked that the namespace still exists */
};

/* Finds the namespace (`spec` as in netns_open(), null for the recorder's own) and opens its backends. Do
 * this for all realms before anything else: helpers keep the privileges. Call realm_free() even after an
 * error. */
struct realm *realm_new(const struct options *options);
int realm_open(struct realm *realm, const char *spec, bool is_alone, struct error *error);

/* --lock: no other process may change rules there. `*fd` is the lock, taken by the first realm that is
 * asked. */
int realm_hold(struct realm *realm, int *fd, struct error *error);

/* From now on packets are recorded. Names of interfaces are appended to `interfaces`, sentences for the file
 * to `notes`, one per line. */
int realm_start(struct realm *realm, struct writer *writer, const char *tag, GPtrArray *interfaces,
                GString *notes, struct error *error);

/* Gives every backend its turn; never waits. Returns an enum backend_state or a negative errno. */
int realm_turn(struct realm *realm, struct error *error);

/* When the next turn is due if nothing happens before. */
struct monotonic realm_due(const struct realm *realm);

/* Appends what to poll for, as elements of struct pollfd. */
void realm_list_fds(const struct realm *realm, GArray *fds);

/* True when the namespace has been deleted, or its process has ended: only what we hold open in it keeps it
 * alive. Checks a few times a second. */
bool realm_is_gone(struct realm *realm);

/* True until all rules have been read once: if there are many, recording begins before that. */
bool realm_is_reading(const struct realm *realm);

/* False while its packets wait for a look at the rules, which then comes at once. */
bool realm_is_sure(struct realm *realm);

/* To be called after `other`, or the realm itself, installed or removed its own rules, so that this is not
 * taken for somebody else's change. */
void realm_forgive(struct realm *realm, const struct realm *other);

/* Adds what its backends have counted so far. */
void realm_add_counts(const struct realm *realm, struct backend_counts *counts);

/* No new packets are traced from now on. */
int realm_stop(struct realm *realm, struct error *error);

/* Puts everything back, ends the paths and adds up what was counted. Does as much as it can and returns the
 * first error; `ret_left` is as in struct backend_ops, but untouched if nothing is left. Its rules stay at hand for
 * files that the other realms' last packets begin; realm_free() lets go of the namespace. */
int realm_close(struct realm *realm, struct backend_counts *counts, struct error *ret_left,
                struct error *error);

/* Null is allowed. Closes what is not closed yet, and discards its packets. */
void realm_free(struct realm *realm);

#endif
