/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and puts back what recorders that were killed, guard and all, left behind. */
#ifndef IPTRACE_LEGACY_KERNEL_LEFTOVERS_H
#define IPTRACE_LEGACY_KERNEL_LEFTOVERS_H

#include "recorder/backend/backend.h"

/* In one namespace: removes the TRACE rules whose tag is of no living process, restores the loggers that a
 * state file knows, and removes that file; `said` is called with a sentence for each. `group_is_ours`: the
 * caller holds NFLOG group 0 there, so that no recorder of another process namespace can live; else its rules
 * are left alone while somebody holds it. Does as much as it can; the error is the first. */
int leftovers_remove(const struct netns *netns, bool group_is_ours, backend_said_fn *said, void *user,
                     struct error *error);

#endif
