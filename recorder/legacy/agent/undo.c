/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Restores a family to its state before a recording. */
#include "recorder/legacy/agent/undo.h"

#include <stddef.h>

#include "recorder/legacy/agent/logger.h"
#include "recorder/legacy/agent/trace_install.h"

int ruleset_undo(enum ip_family family, const char *tag, const char *former_logger,
                 enum xtables_lock_wait wait, struct undo_report *ret_report, struct error *error)
{
    struct undo_report report = {0};
    struct trace_report removal = {0};
    int result = trace_remove(family, tag, wait, &removal, error);
    report.rules_removed = removal.removed;

    if (former_logger) {
        int logger = logger_restore(family, former_logger, &report.logger_restored, result ? NULL : error);
        result = result ? result : logger;
    }
    if (ret_report)
        *ret_report = report;
    return result;
}
