/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program says to its user. */
#include "recorder/report/report.h"

#include "recorder/core/safe_text.h"
#include "recorder/report/status.h"
#include "recorder/system/interrupt.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static enum report_level report_level = REPORT_NORMAL;

static const char *report_place;

void report_set_place(const char *place)
{
    report_place = place;
}

void report_set_level(enum report_level level)
{
    report_level = level;
}

enum report_level report_get_level(void)
{
    return report_level;
}

/* A terminal or pipe that takes nothing is waited for until a signal comes, and then once more for a while.
 */
static void put(const GString *line)
{
    static bool is_given_up;
    size_t written;
    int timeout_ms = is_given_up ? 0 : interrupt_was_heard() ? INTERRUPT_PATIENCE_MS : -1;
    if (interrupt_write(STDERR_FILENO, line->str, line->len, timeout_ms, &written) == -ETIMEDOUT)
        is_given_up = true;
}

static void say(const char *format, va_list arguments)
{
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    g_autoptr(GString) line = g_string_new("iptrace-record: ");
    if (report_place) {
        safe_text_append(line, (struct bytes){(const uint8_t *)report_place, strlen(report_place)});
        g_string_append(line, ": ");
    }
    safe_text_append(line, (struct bytes){(const uint8_t *)sentence, strlen(sentence)});
    g_string_append_c(line, '\n');
    status_erase();
    put(line);
}

#define REPORT_FUNCTION(name, level)                                                                         \
    void name(const char *format, ...)                                                                       \
    {                                                                                                        \
        va_list arguments;                                                                                   \
        if (report_level < (level))                                                                          \
            return;                                                                                          \
        va_start(arguments, format);                                                                         \
        say(format, arguments);                                                                              \
        va_end(arguments);                                                                                   \
    }

REPORT_FUNCTION(report_error, REPORT_QUIET)
REPORT_FUNCTION(report_note, REPORT_NORMAL)
REPORT_FUNCTION(report_detail, REPORT_VERBOSE)

void report_note_into(GString *notes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_note("%s", sentence);
    g_string_append_printf(notes, "%s%s", notes->len > 0 ? "\n" : "", sentence);
}
