/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The amount of traffic in a namespace. */
#ifndef IPTRACE_LEGACY_KERNEL_TRAFFIC_H
#define IPTRACE_LEGACY_KERNEL_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

#include "recorder/core/monotonic.h"
#include "recorder/system/netns.h"

/* How many packets its interfaces had counted at a certain time; zero if that cannot be read. */
struct traffic {
    struct monotonic time;
    uint64_t packets;
};

struct traffic traffic_observe(const struct netns *netns);

/* Packets received or sent, whichever is more: so forwarded packets count once. `file` has the format of
 * /proc/net/dev; null is allowed. */
uint64_t traffic_count(FILE *file);

/* Packets per second between the two; 0 if that is not known: an observation failed, they are too close
 * together, or a counter went back because an interface disappeared. */
double traffic_rate(const struct traffic *first, const struct traffic *last);

#endif
