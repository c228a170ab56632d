/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of the recorder's journal: Wireshark shows their lines itself; expert information is made of what a
 * reader of the packets must know. */
#ifndef IPTRACE_PLUGIN_JOURNAL_H
#define IPTRACE_PLUGIN_JOURNAL_H

#include "plugin/compat.h"

/* `tvb` is the entry, as docs/format.md has it. */
void journal_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif
