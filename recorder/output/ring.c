/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The files of a ring (-b). */
#include "recorder/output/ring.h"

#include "recorder/report/report.h"
#include "recorder/system/named_file.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

void ring_init(struct ring *ring, const char *path, uint64_t keep)
{
    *ring = (struct ring){.path = path, .keep = keep, .files = G_QUEUE_INIT};
}

void ring_done(struct ring *ring)
{
    g_queue_clear_full(&ring->files, g_free);
}

static char *make_name(const struct ring *ring, uint64_t now_ns)
{
    const char *slash = strrchr(ring->path, '/');
    const char *dot = strrchr(slash ? slash : ring->path, '.');
    bool has_suffix = dot && dot != ring->path && dot != slash + 1;
    int stem = (int)(has_suffix ? (size_t)(dot - ring->path) : strlen(ring->path));
    time_t seconds = (time_t)(now_ns / 1000000000);
    struct tm local;
    char stamp[32] = "";
    if (localtime_r(&seconds, &local))
        strftime(stamp, sizeof stamp, "%Y%m%d%H%M%S", &local);
    return g_strdup_printf("%.*s_%05" PRIu64 "_%s%s", stem, ring->path, ring->number, stamp,
                           ring->path + stem);
}

int ring_open_next(struct ring *ring, struct output **ret_output, uint64_t now_ns, struct error *error)
{
    ring->number++;
    g_autofree char *name = make_name(ring, now_ns);
    int result = output_create(ret_output, name, 0600, error);
    if (result < 0)
        return result;
    g_queue_push_tail(&ring->files, g_steal_pointer(&name));
    if (ring->keep > 0 && ring->files.length > ring->keep) {
        g_autofree char *oldest = g_queue_pop_head(&ring->files);
        int removed = named_file_remove(oldest);
        if (removed < 0)
            report_note("cannot remove %s, the oldest file of the ring: %s", oldest, g_strerror(-removed));
    }
    return 0;
}
