/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording from the kernel. */
#ifndef IPTRACE_LIVE_H
#define IPTRACE_LIVE_H

#include "recorder/options.h"

/* Runs until SIGINT, SIGTERM, or what -c and -a ask for. Everything is put back also after an error. */
int live_run(const struct options *options, struct error *error);

#endif
