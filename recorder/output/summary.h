/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which rules decided, and how often: printed at the end of a recording. */
#ifndef IPTRACE_OUTPUT_SUMMARY_H
#define IPTRACE_OUTPUT_SUMMARY_H

#include <glib.h>

#include "recorder/core/finished_path.h"

#define SUMMARY_RULES_MAX 4096 /* counted separately; the packets of all other rules are counted together */

struct summary;

struct summary *summary_new(void);
void summary_free(struct summary *summary); /* null is allowed */

/* Counts a packet. */
void summary_add(struct summary *summary, const struct finished_path *path);

/* The lines of the table, as `     12  DROP by filter INPUT rule 3: -A INPUT …`: the `most` rules that
 * decided the most packets, and how many other rules there are. Free with g_strfreev(). */
char **summary_lines(const struct summary *summary, size_t most);

#endif
