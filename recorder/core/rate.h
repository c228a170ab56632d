/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rates in the syntax of iptables' limit match: "10/second", "5/m", "7". */
#ifndef IPTRACE_CORE_RATE_H
#define IPTRACE_CORE_RATE_H

#include "recorder/core/error.h"

#include <stdint.h>

#define RATE_SCALE 10000 /* parts of a second, xt_limit's unit of time */
#define RATE_BURST 5     /* packets that may come at once, by default */

/* `*ret_average`: the time between two packets in units of 1/RATE_SCALE second, rounded down as the kernel's
 * match does. */
int rate_parse(const char *text, uint32_t *ret_average, struct error *error);

#endif
