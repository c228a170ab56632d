/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The row of a message block: every TRACE message as the kernel sent it, grouped by packet. */
#ifndef IPTRACE_PLUGIN_MESSAGES_TREE_H
#define IPTRACE_PLUGIN_MESSAGES_TREE_H

#include "plugin/compat.h"

#include <epan/proto.h>

/* `tvb` holds the block; `body` points into it. `item` is the block's line. Returns the text of the Info
 * column. */
const char *messages_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item,
                                  struct bytes body);

/* Kernel time of the first message, in nanoseconds since the epoch; 0 if it has none. */
uint64_t messages_tree_time_ns(wmem_allocator_t *pool, struct bytes body);

#endif
