/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Entries of the recorder's journal: Wireshark itself shows their lines; what a reader of the packets must
 * know becomes expert information. */
#ifndef IPTRACE_PLUGIN_JOURNAL_H
#define IPTRACE_PLUGIN_JOURNAL_H

#include "plugin/compat.h"

/* `tvb` is the entry, as described in docs/format.md. */
void journal_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

#endif
