/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording's side in one network namespace: its agents and guard, its source, its watch and its way of the
 * data. All realms of a recording end in one writer.
 *
 * Where there are several, everything that a realm says, and every error, names the namespace. */
#ifndef IPTRACE_REALM_H
#define IPTRACE_REALM_H

#include "recorder/kernel.h"
#include "recorder/pipeline.h"
#include "recorder/system/ip_counters.h"
#include "recorder/system/queue_listeners.h"
#include "recorder/watch.h"

struct realm {
    const struct options *options;
    struct netns netns;
    bool is_named; /* by -n: it can end before the recording does */
    char *label;   /* what it is called, where it is one of several; else null */
    int process;   /* a pidfd, where the namespace is that of a process; else -1 */
    struct kernel *kernel;
    struct pipeline pipeline;
    struct watch *watch;
    struct source *source;
    uint64_t ticked_ns;
    uint64_t wake_ns;               /* when the assembler wants to be called; 0: not */
    int queues_fd;                  /* queue_listeners_open(); -1: nobody knows who listens */
    uint64_t looked_around_ns;      /* at them, and at IP's counters */
    struct queue_listeners *queues; /* as last seen; `first_queues` when recording began */
    struct queue_listeners *first_queues;
    uint64_t looked_ns; /* whether it is still there */
    struct ip_counter_files ip_files;
    struct ip_counters ip_before; /* when recording began */
};

/* Finds the namespace (`spec` as in netns_open(), null for the own one) and starts its helpers. Do it for all
 * realms before anything else: helpers keep the privileges. realm_free() also after an error. */
struct realm *realm_new(const struct options *options);
int realm_open(struct realm *realm, const char *spec, bool is_alone, struct error *error);

/* From now on packets are recorded. Names of interfaces are appended to `interfaces`, sentences for the file
 * to `notes`, a line each. */
int realm_start(struct realm *realm, struct writer *writer, const char *tag, GPtrArray *interfaces,
                GString *notes, struct error *error);

/* Drains the source, watches the rules and lets time pass for the paths; never waits. Returns an enum
 * source_state or a negative errno. */
int realm_turn(struct realm *realm, struct error *error);

/* When the next turn is due, on the monotonic clock, if nothing comes before. */
uint64_t realm_due_ns(const struct realm *realm);

/* What to poll for: messages, and how many further descriptors. */
struct pollfd realm_source_fd(const struct realm *realm);
size_t realm_watch_fds(const struct realm *realm, struct pollfd fds[static WATCH_FDS_MAX]);

/* True when the namespace was deleted, or its process has ended: what we hold in it is all that keeps it
 * alive. Looks a few times a second. */
bool realm_is_gone(struct realm *realm);

/* True until all rules have been read once: where they are many, recording begins before. */
bool realm_is_reading(const struct realm *realm);

/* False while its packets wait for a look at the rules, which then comes at once. */
bool realm_is_sure(struct realm *realm);

/* After `other`, or the realm itself, put its TRACE rules in or out: all watches see the lock, and it was us.
 */
void realm_forgive(struct realm *realm, const struct realm *other);

/* No new packet is traced. */
int realm_stop_tracing(struct realm *realm, struct error *error);

/* Puts everything else back, ends the paths and adds up what was counted. Does as much as it can; the error
 * is the first; `ret_left` as in kernel_close(), untouched where nothing is left. Nothing of the namespace is
 * held any more. */
int realm_close(struct realm *realm, struct totals *totals, struct error *ret_left, struct error *error);

/* Null is allowed. What was not closed is, and its packets are forgotten. */
void realm_free(struct realm *realm);

#endif
