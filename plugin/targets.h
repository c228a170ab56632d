/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets of iptables do to a packet: iptables-extensions(8). */
#ifndef IPTRACE_PLUGIN_TARGETS_H
#define IPTRACE_PLUGIN_TARGETS_H

#include "format/wire.h"

enum target_effect {
    TARGET_LOGS = 1 << 0,   /* tells somebody about the packet and goes on */
    TARGET_MARKS = 1 << 1,  /* changes the packet's mark, or what the kernel remembers of it, and goes on */
    TARGET_ALTERS = 1 << 2, /* changes other bytes of the packet's headers */
    TARGET_TRANSLATES = 1 << 3, /* changes addresses and ports */
    TARGET_UNKNOWN = 1 << 4,    /* a chain of the user's, or a target that is not in the list */
};

/* A set of enum target_effect; 0 for a verdict, and for a rule without target. */
unsigned targets_effect(struct bytes target);

#endif
