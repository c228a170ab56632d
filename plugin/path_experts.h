/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Expert information about a packet's path. */
#ifndef IPTRACE_PLUGIN_PATH_EXPERTS_H
#define IPTRACE_PLUGIN_PATH_EXPERTS_H

#include "plugin/compat.h"

#include <epan/proto.h>

#include "plugin/packet_path.h"

/* True if expert information is displayed, filtered or counted. */
bool path_experts_wanted(proto_tree *tree);

/* `item` is the path's line; may be null. `changes` is an array of struct packet_change, or null. */
void path_experts_add(packet_info *pinfo, proto_item *item, const struct packet_path *path,
                      wmem_array_t *changes);

#endif
