/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --cleanup: puts back what killed recorders left behind. */
#ifndef IPTRACE_RECORD_CLEANUP_H
#define IPTRACE_RECORD_CLEANUP_H

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* In the namespaces of the options, or else the own one, and all that state files name. Says what it did, or
 * that there was nothing to do. */
int cleanup_run(const struct options *options, struct error *error);

#endif
