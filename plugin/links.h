/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which row of the file is about which packet, so that rows can point to each other.
 *
 * A row is noted when it is read for the first time; any row may then look it up. What has not been read yet
 * is not known: in a single pass, only earlier rows are found. */
#ifndef IPTRACE_PLUGIN_LINKS_H
#define IPTRACE_PLUGIN_LINKS_H

#include "plugin/compat.h"

/* What a row has about a packet, which is identified by its packet id. */
enum link_kind {
    LINK_PACKET,   /* the packet's own row */
    LINK_MESSAGES, /* the first block with messages about it */
    LINK_KINDS,
};

void links_register(void);

/* Notes that this row is about that packet. The first such row is remembered, in 10 bytes per packet for all
 * kinds together, or up to half as much again if there are few. */
void links_note(packet_info *pinfo, enum link_kind kind, uint64_t packet_id);

/* The row that is about the packet; 0 if none is known, or if it is this one. */
uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t packet_id);

#endif
