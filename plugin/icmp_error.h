/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ICMP error answers which packet. */
#ifndef IPTRACE_PLUGIN_ICMP_ERROR_H
#define IPTRACE_PLUGIN_ICMP_ERROR_H

#include "plugin/compat.h"

#include "format/packet.h"
#include "plugin/packet_path.h"

void icmp_error_register(void);

/* Notes the packet, where an error may answer it, and the ICMP error, where the packet is one, when the row
 * is read for the first time. */
void icmp_error_note(packet_info *pinfo, const struct packet_path *path, const struct packet *packet);

/* The row of the error that answers this row's packet, and of the packet that this row's error answers; 0
 * where none is known. */
uint32_t icmp_error_answering(const packet_info *pinfo);
uint32_t icmp_error_answered(const packet_info *pinfo);

#endif
