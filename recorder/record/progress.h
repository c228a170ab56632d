/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The progress of a recording, for the status line. */
#ifndef IPTRACE_RECORD_PROGRESS_H
#define IPTRACE_RECORD_PROGRESS_H

#include "recorder/output/writer.h"

/* Shows the status line; call it when status_is_due() (status.h). `counts` are those of all backends. */
void progress_show(const struct writer *writer, const struct backend_counts *counts, struct monotonic now);

#endif
