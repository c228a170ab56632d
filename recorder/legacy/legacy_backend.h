/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Legacy iptables: TRACE messages from NFLOG, rules from libiptc and libxtables. */
#ifndef IPTRACE_LEGACY_LEGACY_BACKEND_H
#define IPTRACE_LEGACY_LEGACY_BACKEND_H

#include "recorder/backend/backend.h"

extern const struct backend_ops legacy_backend_ops; /* a namespace, live */
extern const struct backend_ops legacy_replay_ops;  /* a file of such messages */

#endif
