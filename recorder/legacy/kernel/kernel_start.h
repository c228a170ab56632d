/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start of a recording's side in the kernel: kernel_state.h has the order. */
#ifndef IPTRACE_LEGACY_KERNEL_KERNEL_START_H
#define IPTRACE_LEGACY_KERNEL_KERNEL_START_H

#include "recorder/legacy/kernel/kernel.h"

/* Puts back what killed recorders left in this namespace, reads all rules into the pipeline's book, or leaves
 * the texts of many to the watch; then loggers and TRACE rules go in. Where that fails nothing stays changed
 * once the kernel is closed. `tag` (state_tag.h) names our rules. Sentences for the user and the file are
 * appended to `notes`, a line each. */
int kernel_start(struct kernel *kernel, struct pipeline *pipeline, const char *tag, GString *notes,
                 struct error *error);

#endif
