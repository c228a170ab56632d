/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and puts back what recorders that were killed, guard and all, left behind. */
#ifndef IPTRACE_RESTORE_LEFTOVERS_H
#define IPTRACE_RESTORE_LEFTOVERS_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"
#include "recorder/system/netns.h"

/* Called with a sentence for each thing that was done. */
typedef void leftovers_said_fn(void *user, const char *sentence);

/* In one namespace: removes the TRACE rules whose tag is of no living process, restores the loggers that a
 * state file knows, and removes that file. `group_is_ours`: the caller holds NFLOG group 0 there, so that no
 * recorder of another process namespace can live; else its rules are left alone while somebody holds it.
 * Does as much as it can; the error is the first. */
int leftovers_remove(const struct netns *netns, bool group_is_ours, leftovers_said_fn *said, void *user,
                     struct error *error);

/* --cleanup: in the namespaces of the options, or else the own one, and all that state files name. Says what
 * it did, or that there was nothing to do. */
int leftovers_run(const struct options *options, struct error *error);

#endif
