/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which row of the file tells of what, so that rows can point to each other.
 *
 * A row notes what it tells of when it is read for the first time; any row may then ask. What has not been
 * read yet is not known: in one pass only rows further up are found. Numbers of rows that a read filter (-R)
 * leaves out are given again to the rows after them; such rows are forgotten. */
#ifndef IPTRACE_PLUGIN_LINKS_H
#define IPTRACE_PLUGIN_LINKS_H

#include "plugin/compat.h"

enum link_kind {
    LINK_PACKET,   /* key: packet id; the packet's row */
    LINK_MESSAGES, /* key: packet id; the first block with messages of it */
    LINK_RULESET,  /* key: capture id << 32 | number; the first block of a ruleset */
    LINK_REFUSED,  /* key: of the packet's head; a packet that was not accepted */
    LINK_ERROR,    /* key: of the packet's head; the ICMP error that answers it */
    LINK_KINDS,
};

void links_register(void);

/* To be called before and after all else that is done for a row; again before the end does nothing. */
void links_begin_row(packet_info *pinfo);
void links_end_row(void);

/* This row tells of `key`. The first to say so is remembered. */
void links_note(packet_info *pinfo, enum link_kind kind, uint64_t key);

/* The row that tells of it; 0 where none is known, and where it is this one. */
uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t key);

#endif
