/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* An IP packet's addresses and ports as text, in the packet's memory. */
#ifndef IPTRACE_PLUGIN_PACKET_TEXT_H
#define IPTRACE_PLUGIN_PACKET_TEXT_H

#include "plugin/compat.h"

#include "format/packet.h"

/* `10.0.0.1:80`, `[fd00::1]:80`, without a port if there is none. */
const char *packet_text_endpoint(wmem_allocator_t *pool, struct bytes address, bool has_port, uint16_t port);

/* `10.0.0.1:1025 → 10.0.0.2:23 TCP`. */
const char *packet_text_line(wmem_allocator_t *pool, struct bytes bytes);

#endif
