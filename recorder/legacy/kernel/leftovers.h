/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Finds and puts back what recorders that were killed together with their guards left behind. */
#ifndef IPTRACE_LEGACY_KERNEL_LEFTOVERS_H
#define IPTRACE_LEGACY_KERNEL_LEFTOVERS_H

#include "recorder/backend/backend.h"

/* In one namespace: removes the TRACE rules whose tag belongs to no living process, restores the loggers that
 * a state file names, and removes that file; `said` is called with a sentence for each. `group_is_ours`: the
 * caller holds NFLOG group 0 there, so that no recorder from another PID namespace can be alive; otherwise
 * the rules of such a recorder are left alone while somebody holds the group. Does as much as it can and
 * returns the first error. */
int leftovers_remove(const struct netns *netns, bool group_is_ours, backend_said_fn *said, void *user,
                     struct error *error);

#endif
