/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts a family back as it was before a recording: for the end, the guard and --cleanup alike. */
#ifndef IPTRACE_LEGACY_AGENT_UNDO_H
#define IPTRACE_LEGACY_AGENT_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/xtables_lock.h"

struct undo_report {
    uint32_t rules_removed;
    bool logger_restored; /* it was still ours, and is now `former` */
};

/* In the calling thread's network namespace: removes our TRACE rules of `tag` (NULL: of every tag), then
 * restores the logger to `former` (NULL: leave it). Does as much as it can; the error is the first that was
 * met. */
int ruleset_undo(enum ip_family family, const char *tag, const char *former_logger,
                 enum xtables_lock_wait wait, struct undo_report *ret_report, struct error *error);

#endif
