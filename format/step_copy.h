/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A step that outlives the block it was read from, shared by all messages that refer to it. */
#ifndef IPTRACE_FORMAT_STEP_COPY_H
#define IPTRACE_FORMAT_STEP_COPY_H

#include "format/step.h"

struct step_copy {
    struct step step;
    size_t size; /* of all its memory, in bytes */
    unsigned references;
};

/* Returns a copy with one reference. Copies the strings, but of context and change only the interface
 * names. */
struct step_copy *step_copy_new(const struct step *step);
struct step_copy *step_copy_ref(struct step_copy *copy);
void step_copy_unref(struct step_copy *copy); /* null is allowed */

#endif
