/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program says to its user, on standard error: `iptrace-record: sentence`. Control characters in
 * names of somebody else's never reach the terminal. */
#ifndef IPTRACE_REPORT_REPORT_H
#define IPTRACE_REPORT_REPORT_H

#include <glib.h>

enum report_level {
    REPORT_QUIET,   /* errors */
    REPORT_NORMAL,  /* and what the user should know */
    REPORT_VERBOSE, /* and what is done */
};

void report_set_level(enum report_level level);
enum report_level report_get_level(void);

/* From now on notes are about that namespace, and say so; null: about nothing in particular. */
void report_set_place(const char *place);

void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A note that also becomes a line of `notes`, which the file will keep. */
void report_note_into(GString *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
