/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's two clocks. */
#ifndef IPTRACE_SYSTEM_CLOCK_H
#define IPTRACE_SYSTEM_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void); /* since the epoch */

#endif
