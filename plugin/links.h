/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which row of the file tells of what, so that rows can point to each other.
 *
 * A row notes what it tells of when it is read for the first time; any row may then ask. What has not been
 * read yet is not known: in one pass only rows further up are found. */
#ifndef IPTRACE_PLUGIN_LINKS_H
#define IPTRACE_PLUGIN_LINKS_H

#include "plugin/compat.h"

/* What a row tells of a packet, which is named by its packet id. */
enum link_kind {
    LINK_PACKET,   /* the packet's own row */
    LINK_MESSAGES, /* the first block with messages of it */
    LINK_KINDS,
};

void links_register(void);

/* This row tells of that packet. The first to say so is remembered: 10 bytes a packet, of all kinds,
 * and as much as half of that again where they are few. */
void links_note(packet_info *pinfo, enum link_kind kind, uint64_t packet_id);

/* The row that tells of it; 0 where none is known, and where it is this one. */
uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t packet_id);

#endif
