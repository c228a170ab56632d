/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The machine's two clocks. */
#ifndef IPTRACE_SYSTEM_CLOCK_H
#define IPTRACE_SYSTEM_CLOCK_H

#include "recorder/core/monotonic.h"

struct monotonic clock_monotonic(void);
uint64_t clock_realtime_ns(void); /* since the epoch */

#endif
