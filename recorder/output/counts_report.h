/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What did not become a whole path, for the user at the end of a recording. */
#ifndef IPTRACE_OUTPUT_COUNTS_REPORT_H
#define IPTRACE_OUTPUT_COUNTS_REPORT_H

#include "recorder/core/backend_counts.h"

/* Says what of the messages did not become a whole path, and why; nothing where all did. */
void counts_report(const struct backend_counts *counts);

#endif
