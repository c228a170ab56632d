/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much traffic a namespace has. */
#ifndef IPTRACE_LEGACY_KERNEL_TRAFFIC_H
#define IPTRACE_LEGACY_KERNEL_TRAFFIC_H

#include <stdint.h>
#include <stdio.h>

#include "recorder/core/monotonic.h"
#include "recorder/system/netns.h"

/* Packets that its interfaces had counted at a time; zero where that cannot be read. */
struct traffic {
    struct monotonic time;
    uint64_t packets;
};

struct traffic traffic_observe(const struct netns *netns);

/* Packets received or sent, whichever is more: what is forwarded counts once. `file` reads as
 * /proc/net/dev does; null is allowed. */
uint64_t traffic_count(FILE *file);

/* Packets a second between the two; 0 where nobody can say: a look was not possible, they are too close, or a
 * counter went backwards with its interface. */
double traffic_rate(const struct traffic *first, const struct traffic *last);

#endif
