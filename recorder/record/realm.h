/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording's part in one network namespace: the backends that tell of its packets, and what is around
 * them. All realms of a recording end in one writer.
 *
 * Where there are several, everything that a realm says, and every error, names the namespace. */
#ifndef IPTRACE_RECORD_REALM_H
#define IPTRACE_RECORD_REALM_H

#include "recorder/record/sink.h"
#include "recorder/system/netns.h"
#include "recorder/system/surroundings.h"

struct realm {
    const struct options *options;
    struct netns netns;
    bool is_named; /* by -n: it can end before the recording does */
    char *label;   /* what it is called, where it is one of several; else null */
    int process;   /* a pidfd, where the namespace is that of a process; else -1 */
    struct sink sink;
    GPtrArray *backends; /* of struct backend */
    struct surroundings *surroundings;
    struct monotonic looked_around; /* at them */
    struct monotonic looked;        /* whether it is still there */
};

/* Finds the namespace (`spec` as in netns_open(), null for the own one) and opens its backends. Do it for all
 * realms before anything else: helpers keep the privileges. realm_free() also after an error. */
struct realm *realm_new(const struct options *options);
int realm_open(struct realm *realm, const char *spec, bool is_alone, struct error *error);

/* --lock: nobody else's command may change rules there. `*fd` is the lock, taken by the first realm that is
 * asked. */
int realm_hold(struct realm *realm, int *fd, struct error *error);

/* From now on packets are recorded. Names of interfaces are appended to `interfaces`, sentences for the file
 * to `notes`, a line each. */
int realm_start(struct realm *realm, struct writer *writer, const char *tag, GPtrArray *interfaces,
                GString *notes, struct error *error);

/* Every backend has its turn; never waits. Returns an enum backend_state or a negative errno. */
int realm_turn(struct realm *realm, struct error *error);

/* When the next turn is due, if nothing comes before. */
struct monotonic realm_due(const struct realm *realm);

/* Appends what to poll for, of struct pollfd. */
void realm_list_fds(const struct realm *realm, GArray *fds);

/* True when the namespace was deleted, or its process has ended: what we hold in it is all that keeps it
 * alive. Looks a few times a second. */
bool realm_is_gone(struct realm *realm);

/* True until all rules have been read once: where they are many, recording begins before. */
bool realm_is_reading(const struct realm *realm);

/* False while its packets wait for a look at the rules, which then comes at once. */
bool realm_is_sure(struct realm *realm);

/* After `other`, or the realm itself, put its rules in or out: that was us. */
void realm_forgive(struct realm *realm, const struct realm *other);

/* Adds what its backends counted so far. */
void realm_add_counts(const struct realm *realm, struct backend_counts *counts);

/* No new packet is traced. */
int realm_stop(struct realm *realm, struct error *error);

/* Puts everything back, ends the paths and adds up what was counted. Does as much as it can; the error is the
 * first; `ret_left` is as in struct backend_ops, untouched where nothing is left. Nothing of the namespace is
 * held any more. */
int realm_close(struct realm *realm, struct backend_counts *counts, struct error *ret_left,
                struct error *error);

/* Null is allowed. What was not closed is, and its packets are forgotten. */
void realm_free(struct realm *realm);

#endif
