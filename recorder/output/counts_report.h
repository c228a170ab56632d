/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Tells the user, at the end of a recording, which messages did not become whole paths. */
#ifndef IPTRACE_OUTPUT_COUNTS_REPORT_H
#define IPTRACE_OUTPUT_COUNTS_REPORT_H

#include "recorder/core/backend_counts.h"

/* Reports how many messages did not become part of a whole path, and why; nothing if all did. */
void counts_report(const struct backend_counts *counts);

#endif
