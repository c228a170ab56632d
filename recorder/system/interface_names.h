/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The names of interface indexes, in the network namespace where this was opened. */
#ifndef IPTRACE_SYSTEM_INTERFACE_NAMES_H
#define IPTRACE_SYSTEM_INTERFACE_NAMES_H

#include "format/wire.h"
#include "recorder/core/error.h"

struct interface_names;

/* Opens a routing socket in the calling thread's namespace and reads all names. `netns` is put before each
 * name, with a slash; null for no prefix. */
int interface_names_open(struct interface_names **ret_names, const char *netns, struct error *error);
void interface_names_close(struct interface_names *names);

/* Processes the kernel's link notifications since the last call. Cheap if there are none. */
void interface_names_update(struct interface_names *names);

/* The name, or `if7` if it is not known. An interface that is gone keeps its name for a while, because
 * messages that refer to it may still be queued. Valid until the next call. */
struct bytes interface_names_get(struct interface_names *names, uint32_t index);

#endif
