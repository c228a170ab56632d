/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Recording from the kernel. */
#ifndef IPTRACE_RECORD_LIVE_H
#define IPTRACE_RECORD_LIVE_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* Runs until SIGINT, SIGTERM, or a bound of -c or -a. Everything is put back, even after an error. */
int live_run(const struct options *options, struct error *error);

#endif
