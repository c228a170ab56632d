/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the user should know when recording begins: only the sentences, chosen by what was found. */
#ifndef IPTRACE_LEGACY_KERNEL_START_NOTES_H
#define IPTRACE_LEGACY_KERNEL_START_NOTES_H

#include <stdbool.h>

/* What the verdicts do not cover, depending on who has rules here; null: they cover everything. */
const char *start_note_on_firewalls(bool legacy_has_rules, bool nftables_has_rules);

/* That a filter which tests ports does not match all fragments of a packet, per family; null: it matches
 * all. */
const char *start_note_on_fragments(bool misses_ipv4, bool misses_ipv6);

#endif
