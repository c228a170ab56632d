/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What besides rules decides the fate of packets in a network namespace: the programs that serve NFQUEUE, and
 * IP itself, which drops packets that no rule dropped. */
#ifndef IPTRACE_SYSTEM_SURROUNDINGS_H
#define IPTRACE_SYSTEM_SURROUNDINGS_H

#include "recorder/system/ip_counters.h"
#include "recorder/system/queue_listeners.h"

struct surroundings {
    /* As of the last reading. */
    bool knows_queues;                         /* `queues` could be read, between the two times … */
    uint64_t queues_begun_ns, queues_ended_ns; /* … since the epoch */
    struct queue_listeners queues;
    bool knows_routing;   /* IP's counters could be read */
    bool routing_dropped; /* IP dropped something since surroundings_begin() */
    /* The rest is private. */
    int queues_fd;
    struct ip_counter_files ip_files;
    bool has_first_queues;
    struct queue_listeners first_queues;
    struct ip_counters ip_before;
};

/* Opens the files that exist in the calling thread's network namespace; call it before privileges are
 * dropped, because later readings open nothing. What cannot be opened stays unknown. Free it with
 * surroundings_close(), which allows null. */
struct surroundings *surroundings_open(void);
void surroundings_close(struct surroundings *surroundings);

/* Counting begins now, with a first reading. */
void surroundings_begin(struct surroundings *surroundings);

/* Reads the current state; takes about 60 µs. */
void surroundings_look(struct surroundings *surroundings);

/* Packets that a queue of the last reading has dropped since counting began, because its program was too
 * slow. */
uint64_t surroundings_queue_drops(const struct surroundings *surroundings,
                                  const struct queue_listener *queue);

/* What IP has dropped since counting began; false if that cannot be read. */
bool surroundings_ip_drops(const struct surroundings *surroundings, struct ip_counters *ret_growth);

#endif
