/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The list of all backends. */
#ifndef IPTRACE_RECORD_BACKENDS_H
#define IPTRACE_RECORD_BACKENDS_H

#include "recorder/backend/backend.h"

/* Those that record a network namespace; null-terminated. */
extern const struct backend_ops *const live_backends[];

/* The one that reads a file. */
extern const struct backend_ops *const replay_backend;

#endif
