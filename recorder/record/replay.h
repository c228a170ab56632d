/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Recording from a file: -r. */
#ifndef IPTRACE_RECORD_REPLAY_H
#define IPTRACE_RECORD_REPLAY_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* Runs to the end of the file, or until a bound of -c or -a. */
int replay_run(const struct options *options, struct error *error);

#endif
