/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Restores a family to its state before a recording: used at the end, by the guard and by --cleanup. */
#ifndef IPTRACE_LEGACY_AGENT_UNDO_H
#define IPTRACE_LEGACY_AGENT_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/xtables_lock.h"

struct undo_report {
    uint32_t rules_removed;
    bool logger_restored; /* it was still the one we set, and is now `former` */
};

/* In the calling thread's network namespace: removes our TRACE rules with `tag` (NULL: any tag), then
 * restores the logger to `former_logger` (NULL: leaves it alone). Does as much as it can and returns the
 * first error. */
int ruleset_undo(enum ip_family family, const char *tag, const char *former_logger,
                 enum xtables_lock_wait wait, struct undo_report *ret_report, struct error *error);

#endif
