/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line on the terminal that tells how a recording is doing, and changes in its place. There is one
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
    double progress; /* fraction of the file that is read; negative: none */
};

/* Looks once whether a line is wanted and how wide it may be. It is not: with -q; where standard error is no
 * terminal; where packets go to standard output, and that is no file: the same terminal, or a program that
 * prints. Before it all other functions do nothing. */
void status_open(const struct options *options);

/* Four times a second, where there is a line. */
bool status_is_due(struct monotonic now);
void status_show(const struct status_counts *counts, struct monotonic now);

/* Takes the line away, for other text or the end; the next status_show() brings it back. */
void status_erase(void);

/* The line, in at most `size` - 1 bytes, all of them ASCII. Returns how many. */
size_t status_format(const struct status_counts *counts, char *buffer, size_t size);

#endif
