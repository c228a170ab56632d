/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Events other than packets, each as an entry in systemd's Journal Export Format. */
#include "recorder/core/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_text(struct wire_writer *out, const char *text)
{
    wire_write_raw(out, text, strlen(text));
}

/* `NAME=value`, or where the value has lines of its own: name, newline, length (8 bytes, little endian),
 * value. */
static void write_field(struct wire_writer *out, const char *name, const char *value)
{
    size_t length = strlen(value);
    write_text(out, name);
    if (!strchr(value, '\n')) {
        write_text(out, "=");
    } else {
        uint8_t size[8];
        for (size_t i = 0; i < sizeof size; i++)
            size[i] = (uint8_t)((uint64_t)length >> 8 * i);
        write_text(out, "\n");
        wire_write_raw(out, size, sizeof size);
    }
    wire_write_raw(out, value, length);
    write_text(out, "\n");
}

void journal_write(struct wire_writer *out, const struct journal_entry *entry,
                   const struct journal_field *fields, size_t count)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRIu64, entry->time_ns / 1000);
    write_field(out, "__REALTIME_TIMESTAMP", number);
    write_field(out, "MESSAGE", entry->message);
    snprintf(number, sizeof number, "%d", entry->priority);
    write_field(out, "PRIORITY", number);
    write_field(out, "SYSLOG_IDENTIFIER", "iptrace-record");
    write_field(out, "IPTRACE_EVENT", entry->event);
    snprintf(number, sizeof number, "%08" PRIx32, entry->capture_id);
    write_field(out, "IPTRACE_CAPTURE", number);
    for (size_t i = 0; i < count; i++)
        write_field(out, fields[i].name, fields[i].value);
}
