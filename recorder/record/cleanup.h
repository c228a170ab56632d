/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* --cleanup: puts back what killed recorders left behind. */
#ifndef IPTRACE_RECORD_CLEANUP_H
#define IPTRACE_RECORD_CLEANUP_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* Works in the namespaces of the options, or by default the recorder's own, and in all that state files name.
 * Reports what it did, or that there was nothing to do. */
int cleanup_run(const struct options *options, struct error *error);

#endif
