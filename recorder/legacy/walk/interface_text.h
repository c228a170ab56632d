/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Interface names of a message from a file: those in the capture, or else made from the index. Pure. */
#ifndef IPTRACE_LEGACY_WALK_INTERFACE_TEXT_H
#define IPTRACE_LEGACY_WALK_INTERFACE_TEXT_H

#include "recorder/legacy/walk/event.h"

#define INTERFACE_TEXT_SIZE 16 /* "if4294967295" and more */

/* Memory for names made from an index; must live as long as the event. */
struct interface_texts {
    char in[INTERFACE_TEXT_SIZE], out[INTERFACE_TEXT_SIZE];
    char physin[INTERFACE_TEXT_SIZE], physout[INTERFACE_TEXT_SIZE];
};

/* Sets the four names of `event`. `known` may be null. */
void interface_texts_set(struct interface_texts *texts, struct event *event, const struct context *known);

#endif
