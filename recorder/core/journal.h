/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Events other than packets, each as an entry in systemd's Journal Export Format, which every reader of
 * pcapng shows or skips. Source: systemd.io/JOURNAL_EXPORT_FORMATS. Fields: docs/format.md, "Journal
 * blocks". */
#ifndef IPTRACE_CORE_JOURNAL_H
#define IPTRACE_CORE_JOURNAL_H

#include "format/wire.h"

/* As syslog numbers them. */
enum journal_priority {
    JOURNAL_ERROR = 3,
    JOURNAL_WARNING = 4,
    JOURNAL_NOTICE = 5,
    JOURNAL_INFO = 6,
};

struct journal_entry {
    uint64_t time_ns; /* since the epoch */
    enum journal_priority priority;
    const char *event; /* a word of docs/format.md: start, stop, rules_changed, … */
    const char *message;
    uint32_t capture_id;
};

/* An additional field: `name` consists of capitals, digits and underscores. */
struct journal_field {
    const char *name;
    const char *value;
};

/* Appends the entry to `out`, with its final newline. */
void journal_write(struct wire_writer *out, const struct journal_entry *entry,
                   const struct journal_field *fields, size_t count);

#endif
