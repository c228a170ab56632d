/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which ICMP error answers which packet. */
#ifndef IPTRACE_PLUGIN_ICMP_ERROR_H
#define IPTRACE_PLUGIN_ICMP_ERROR_H

#include "plugin/compat.h"

#include "format/packet.h"
#include "plugin/packet_path.h"

void icmp_error_register(void);

/* Notes, when the row is read for the first time, a packet that an error may answer, or an ICMP error. */
void icmp_error_note(packet_info *pinfo, const struct packet_path *path, const struct packet *packet);

/* The row of the error that answers this row's packet, and that of the packet that this row's error answers;
 * 0 if none is known. */
uint32_t icmp_error_answering(const packet_info *pinfo);
uint32_t icmp_error_answered(const packet_info *pinfo);

#endif
