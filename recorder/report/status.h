/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The line on the terminal that shows how a recording is doing, and is updated in place. There is only one
 * terminal, and one line. */
#ifndef IPTRACE_REPORT_STATUS_H
#define IPTRACE_REPORT_STATUS_H

#include "recorder/core/monotonic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options;

struct status_counts {
    uint64_t packets, messages, lost, dropped, rejected;
    double progress; /* fraction of the file that has been read; negative: not known */
};

/* Determines once whether a line is wanted, and how wide it may be. None is wanted with -q, if standard error
 * is not a terminal, or if packets go to standard output and that is not a file but the same terminal, or a
 * program that prints. Until this has been called, all other functions do nothing. */
void status_open(const struct options *options);

/* True four times a second if there is a line. */
bool status_is_due(struct monotonic now);
void status_show(const struct status_counts *counts, struct monotonic now);

/* Erases the line, to make room for other text or at the end; the next status_show() brings it back. */
void status_erase(void);

/* Formats the line in at most `size` - 1 bytes, all of them ASCII. Returns their number. */
size_t status_format(const struct status_counts *counts, char *buffer, size_t size);

#endif
