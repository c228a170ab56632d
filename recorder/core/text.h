/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's path as lines of text, for a terminal, a log or a packet's comment. */
#ifndef IPTRACE_CORE_TEXT_H
#define IPTRACE_CORE_TEXT_H

#include <glib.h>

#include "recorder/core/finished_path.h"

/* Appends what decided: `DROP by filter INPUT rule 3: -A INPUT -p tcp --dport 23 -j DROP`, `UNKNOWN
 * (vanished: routing)`. No newline. */
void text_append_verdict(GString *out, const struct finished_path *path);

struct text_options {
    bool colour;
    uint32_t number; /* of the packet in the capture, from 1 */
};

/* Appends the whole path: a header line in the style of the kernel's LOG target, one line per step, the
 * verdict and an empty line. Times are local. */
void text_append_path(GString *out, const struct finished_path *path, const struct text_options *options);

#endif
