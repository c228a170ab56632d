/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The files of a ring (-b), named as dumpcap names them: FILE_00001_20261120111031.pcapng. */
#ifndef IPTRACE_OUTPUT_RING_H
#define IPTRACE_OUTPUT_RING_H

#include <glib.h>

#include "recorder/output/output.h"

struct ring {
    const char *path; /* the argument of -w; stays the caller's */
    uint64_t keep;    /* files to keep; 0: all */
    uint64_t number;  /* of the last file opened, from 1 */
    GQueue files;     /* of char *: those that exist, oldest first */
};

void ring_init(struct ring *ring, const char *path, uint64_t keep);
void ring_done(struct ring *ring);

/* Opens the next file, and removes the oldest if there are more than should be kept. `now_ns` is the time in
 * its name, in nanoseconds since the epoch. */
int ring_open_next(struct ring *ring, struct output **ret_output, uint64_t now_ns, struct error *error);

#endif
