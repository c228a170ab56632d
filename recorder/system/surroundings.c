/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What besides rules decides the fate of packets in a network namespace. */
#include "recorder/system/surroundings.h"

#include <glib.h>

#include "recorder/core/ownership.h"
#include "recorder/system/clock.h"

struct surroundings *surroundings_open(void)
{
    struct surroundings *surroundings = g_new0(struct surroundings, 1);
    ip_counter_files_open(&surroundings->ip_files);
    surroundings->queues_fd = queue_listeners_open();
    return surroundings;
}

void surroundings_close(struct surroundings *surroundings)
{
    if (!surroundings)
        return;
    ip_counter_files_close(&surroundings->ip_files);
    cleanup_close(&surroundings->queues_fd);
    g_free(surroundings);
}

static void look_at_queues(struct surroundings *surroundings)
{
    surroundings->queues_begun_ns = clock_realtime_ns();
    surroundings->knows_queues =
        surroundings->queues_fd >= 0 && queue_listeners_read(surroundings->queues_fd, &surroundings->queues);
    surroundings->queues_ended_ns = clock_realtime_ns();
    if (surroundings->knows_queues && !surroundings->has_first_queues) {
        surroundings->first_queues = surroundings->queues;
        surroundings->has_first_queues = true;
    }
}

static void look_at_routing(struct surroundings *surroundings)
{
    struct ip_counters growth;
    surroundings->knows_routing = surroundings_ip_drops(surroundings, &growth);
    if (surroundings->knows_routing)
        surroundings->routing_dropped =
            ip_counters_routing(&growth, FAMILY_IPV4) + ip_counters_routing(&growth, FAMILY_IPV6) > 0;
}

void surroundings_begin(struct surroundings *surroundings)
{
    ip_counters_read(&surroundings->ip_files, &surroundings->ip_before);
    surroundings_look(surroundings);
}

void surroundings_look(struct surroundings *surroundings)
{
    look_at_queues(surroundings);
    look_at_routing(surroundings);
}

static uint64_t drops_before(const struct surroundings *surroundings, uint16_t queue)
{
    const struct queue_listeners *before = &surroundings->first_queues;
    for (size_t i = 0; i < before->count; i++)
        if (before->queues[i].queue == queue)
            return before->queues[i].dropped + before->queues[i].user_dropped;
    return 0;
}

uint64_t surroundings_queue_drops(const struct surroundings *surroundings, const struct queue_listener *queue)
{
    uint64_t before = drops_before(surroundings, queue->queue), now = queue->dropped + queue->user_dropped;
    return now > before ? now - before : 0;
}

bool surroundings_ip_drops(const struct surroundings *surroundings, struct ip_counters *ret_growth)
{
    struct ip_counters now;
    if (!ip_counters_read(&surroundings->ip_files, &now))
        return false;
    *ret_growth = ip_counters_growth(&surroundings->ip_before, &now);
    return true;
}
