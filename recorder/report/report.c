/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the program says to its user. */
#include "recorder/report/report.h"

#include "recorder/core/safe_text.h"
#include "recorder/report/status.h"
#include "recorder/system/interrupt.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static enum report_level report_level = REPORT_NORMAL;

void report_set_level(enum report_level level)
{
    report_level = level;
}

enum report_level report_get_level(void)
{
    return report_level;
}

/* A terminal or pipe that takes nothing is waited for until a signal comes, and then once more for a while. */
static void put(const GString *line)
{
    static bool is_given_up;
    size_t written;
    int timeout_ms = is_given_up ? 0 : interrupt_was_heard() ? INTERRUPT_PATIENCE_MS : -1;
    if (interrupt_write(STDERR_FILENO, line->str, line->len, timeout_ms, &written) == -ETIMEDOUT)
        is_given_up = true;
}

static void say(enum report_level level, const char *place, const char *format, va_list arguments)
{
    if (report_level < level)
        return;
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    g_autoptr(GString) line = g_string_new("iptrace-record: ");
    if (place) {
        safe_text_append(line, (struct bytes){(const uint8_t *)place, strlen(place)});
        g_string_append(line, ": ");
    }
    safe_text_append(line, (struct bytes){(const uint8_t *)sentence, strlen(sentence)});
    g_string_append_c(line, '\n');
    status_erase();
    put(line);
}

void report_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(REPORT_QUIET, NULL, format, arguments);
    va_end(arguments);
}

void report_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(REPORT_NORMAL, NULL, format, arguments);
    va_end(arguments);
}

void report_note_about(const char *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(REPORT_NORMAL, place, format, arguments);
    va_end(arguments);
}

void report_detail_about(const char *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(REPORT_VERBOSE, place, format, arguments);
    va_end(arguments);
}

void report_note_into(const char *place, GString *notes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_note_about(place, "%s", sentence);
    g_string_append_printf(notes, "%s%s", notes->len > 0 ? "\n" : "", sentence);
}
