/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed in the packet on its way, and by which rule.
 *
 * A message is logged before the rule's target runs: a difference between one step's message and
 * the previous one was made by the target of the previous step, or between the two. Only changes that were
 * seen are reported: one after the last message, as that of SNAT, never is. */
#ifndef IPTRACE_PLUGIN_CHANGES_H
#define IPTRACE_PLUGIN_CHANGES_H

#include "plugin/compat.h"

#include "format/packet.h"
#include "plugin/packet_path.h"

enum change_kind {
    CHANGE_SOURCE, /* address, port, or both; likewise the next */
    CHANGE_DESTINATION,
    CHANGE_MARK,
    CHANGE_TTL,
    CHANGE_TOS,
    CHANGE_LENGTH,
};

struct packet_change {
    enum change_kind kind;
    uint32_t step;     /* index of the step whose message shows it */
    uint32_t mark;     /* the new one, of CHANGE_MARK; other new values are in the step */
    const char *what;  /* `10.9.9.9:53 → 10.2.0.2:5353`, `mark 0x0 → 0x7` */
    const char *cause; /* `by nat PREROUTING #1 DNAT`, `by forwarding`, `between … and …` */
};

/* The changes of a path in their order, in the packet's memory; an array of struct packet_change. `packet` is
 * the packet as it was at its first message. */
wmem_array_t *changes_of(wmem_allocator_t *pool, const struct packet_path *path, const struct packet *packet);

#endif
