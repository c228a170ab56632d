/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's row: the tree `iptables path`, the beginning of the Info column, expert information. */
#ifndef IPTRACE_PLUGIN_PATH_TREE_H
#define IPTRACE_PLUGIN_PATH_TREE_H

#include "plugin/compat.h"

/* `tvb` is the packet's; `tree` may be null. Does nothing if the packet has no path record. */
void path_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif
