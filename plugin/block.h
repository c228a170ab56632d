/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rows of Custom Blocks: their contents are dissected by kind, and they get a time. */
#ifndef IPTRACE_PLUGIN_BLOCK_H
#define IPTRACE_PLUGIN_BLOCK_H

#include "plugin/compat.h"

void block_register(void);
void block_register_handoff(void);

/* `tvb` holds the block from after its enterprise number. Returns 0 if the block is not ours. */
int block_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* To be called for every row, after it has been dissected: a Custom Block has no time in pcapng, and
 * Wireshark before 4.6 shows wrong times around a row without one; it gets that of the row before. */
void block_note_time(tvbuff_t *tvb, packet_info *pinfo);

#endif
