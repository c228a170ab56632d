/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which ICMP error answers which packet. */
#ifndef IPTRACE_PLUGIN_ICMP_ERROR_H
#define IPTRACE_PLUGIN_ICMP_ERROR_H

#include "plugin/compat.h"

#include "plugin/packet_path.h"

/* Notes the packet, where it was not accepted, and the ICMP error, where the packet is one. */
void icmp_error_note(packet_info *pinfo, const struct packet_path *path, struct bytes packet);

/* The row of the error that answers this packet, and the row that this error answers; 0 where none is known.
 */
uint32_t icmp_error_answering(packet_info *pinfo, const struct packet_path *path, struct bytes packet);
uint32_t icmp_error_answered(packet_info *pinfo, struct bytes packet);

#endif
