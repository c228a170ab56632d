/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A message on its way to its path: what it says about packet, place and time, and what it means. */
#ifndef IPTRACE_LEGACY_WALK_ARRIVAL_H
#define IPTRACE_LEGACY_WALK_ARRIVAL_H

#include "format/family.h"
#include "format/packet.h"
#include "recorder/legacy/walk/message_log.h"
#include "recorder/legacy/walk/rulebook.h"

/* The interfaces that a message names, by index: constant within a hook. */
struct devices {
    uint32_t in, out, physin, physout;
};

/* What tells two packets with the same key apart. */
struct marks {
    bool has_time;
    uint64_t time_us;
    uint8_t dst_length;
    uint8_t dst[16];
    uint8_t ttl;
    uint32_t mark;
};

bool marks_same_destination(const struct marks *a, const struct marks *b);

/* A message with all that the assembler needs to know of it. */
struct arrival {
    const struct event *event;
    struct annotation annotation;
    struct bytes chain;
    enum ip_family family;
    struct packet packet;
    uint64_t key;
    struct devices devices;
    struct marks marks;
    table_set exist; /* tables of its family */
    bool tables_known;
    bool translated;       /* something other than legacy nat may have changed its destination */
    bool time_is_packets;  /* the kernel's time is that of the packet's arrival, not that of the message */
    bool rules_may_differ; /* from the rulebook: nothing was lost that could explain a contradiction
                            */
};

/* Times of the stream, since the epoch: bounds for when a message without a time was made. */
struct stream_clock {
    uint64_t read_ns;    /* when the last message was read */
    uint64_t drained_ns; /* the source was empty then: what came later was made later */
    uint64_t stream_ns;  /* the latest time in any message */
};

/* Fills all but `time_is_packets` and `rules_may_differ`. Points into the event. False if it is a message of
 * an unknown table, hook or family. */
bool arrival_read(struct arrival *arrival, const struct event *event, const struct rulebook *book,
                  struct stream_clock *clock);

/* True if the message is about the built-in chain of its hook, in which every visit begins. */
bool arrival_is_built_in(const struct arrival *arrival);

#endif
