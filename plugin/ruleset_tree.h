/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The row of a ruleset block: a foldable listing of its chains and rules. */
#ifndef IPTRACE_PLUGIN_RULESET_TREE_H
#define IPTRACE_PLUGIN_RULESET_TREE_H

#include "plugin/compat.h"

#include <epan/proto.h>

/* `body` begins `at` bytes into `tvb`. `item` is the block's line. Returns the text of the Info column. */
const char *ruleset_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item,
                                 struct bytes body);

#endif
