/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user should know when recording begins: sentences alone, chosen from what was found. */
#ifndef IPTRACE_LEGACY_KERNEL_START_NOTES_H
#define IPTRACE_LEGACY_KERNEL_START_NOTES_H

#include <stdbool.h>

/* What the verdicts stand for, by who has rules here; null: for all there is. */
const char *start_note_on_firewalls(bool legacy_has_rules, bool nftables_has_rules);

/* A filter that tests ports matches not all fragments of a packet, of either family; null: it matches all. */
const char *start_note_on_fragments(bool misses_ipv4, bool misses_ipv6);

#endif
