/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The list of all backends. */
#include "recorder/record/backends.h"

#include "recorder/legacy/legacy_backend.h"

const struct backend_ops *const live_backends[] = {
    &legacy_backend_ops,
    NULL,
};

const struct backend_ops *const replay_backend = &legacy_replay_ops;
