/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The amount of traffic in a namespace. */
#include "recorder/legacy/kernel/traffic.h"

#include "recorder/core/ownership.h"
#include "recorder/system/clock.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define OBSERVED_LEAST_NS 50000000 /* a shorter observation says nothing */

uint64_t traffic_count(FILE *file)
{
    uint64_t received = 0, sent = 0;
    char line[512];
    while (file && fgets(line, sizeof line, file)) {
        uint64_t in, out;
        const char *colon = strchr(line, ':');
        if (!colon ||
            sscanf(colon + 1, "%*u %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &in, &out) != 2)
            continue;
        received += in;
        sent += out;
    }
    return MAX(received, sent);
}

struct traffic traffic_observe(const struct netns *netns)
{
    struct traffic traffic = {0};
    struct netns own;
    if (netns_open_own(&own, NULL) < 0)
        return traffic;
    if (netns_equal(&own, netns) || netns_enter(netns, NULL) == 0) {
        CLEANUP_FCLOSE FILE *file = fopen("/proc/thread-self/net/dev", "re");
        traffic = (struct traffic){.time = clock_monotonic(), .packets = traffic_count(file)};
        if (!netns_equal(&own, netns))
            netns_enter(&own, NULL);
    }
    netns_done(&own);
    return traffic;
}

double traffic_rate(const struct traffic *first, const struct traffic *last)
{
    uint64_t took_ns = monotonic_since(last->time, first->time);
    if (first->time.ns == 0 || took_ns < OBSERVED_LEAST_NS || last->packets < first->packets)
        return 0;
    return (double)(last->packets - first->packets) * 1e9 / (double)took_ns;
}
