/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Making a recording's changes in the kernel, in the order of kernel_state.h. */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_START_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_START_H

#include "recorder/legacy/kernel/kernel.h"

/* Puts back what killed recorders left in this namespace, and reads all rules into the pipeline's rulebook
 * (or, if there are many, leaves their texts to the watch); then sets the loggers and installs the TRACE
 * rules. If it fails, nothing stays changed once the kernel is closed. `tag` (state_tag.h) identifies our
 * rules. Sentences for the user and the file are appended to `notes`, one per line. */
int kernel_start(struct kernel *kernel, struct pipeline *pipeline, const char *tag, GString *notes,
                 struct error *error);

#endif
