/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What changed in the packet along its path, and which rule changed it.
 *
 * A message is logged before the rule's target runs: a difference between one step's message and the previous
 * one was made by the target of the previous step, or between the two. Only changes that were seen are
 * reported, never one after the last message, such as that of SNAT. */
#ifndef IPTRACE_PLUGIN_CHANGES_H
#define IPTRACE_PLUGIN_CHANGES_H

#include "plugin/compat.h"

#include "format/packet.h"
#include "plugin/packet_path.h"

enum change_kind {
    CHANGE_SOURCE, /* address, port, or both; so is the next */
    CHANGE_DESTINATION,
    CHANGE_MARK,
    CHANGE_TTL,
    CHANGE_TOS,
    CHANGE_LENGTH,
};

struct packet_change {
    enum change_kind kind;
    uint32_t step;     /* index of the step whose message shows it */
    uint32_t mark;     /* for CHANGE_MARK, the new mark; other new values are in the step */
    const char *what;  /* `10.9.9.9:53 → 10.2.0.2:5353`, `mark 0x0 → 0x7` */
    const char *cause; /* `by nat PREROUTING #1 DNAT`, `by forwarding`, `between … and …` */
};

/* The changes along a path in their order, as an array of struct packet_change in the packet's memory.
 * `packet` is the packet as it was at its first message. */
wmem_array_t *changes_of(wmem_allocator_t *pool, const struct packet_path *path, const struct packet *packet);

#endif
