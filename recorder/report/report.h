/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the program says to its user, on standard error: `iptrace-record: sentence`. Control characters in
 * untrusted names never reach the terminal. */
#ifndef IPTRACE_REPORT_REPORT_H
#define IPTRACE_REPORT_REPORT_H

#include <glib.h>

enum report_level {
    REPORT_QUIET,   /* errors */
    REPORT_NORMAL,  /* also what the user should know */
    REPORT_VERBOSE, /* also what is being done */
};

void report_set_level(enum report_level level);
enum report_level report_get_level(void);

/* About the recording as a whole. */
void report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* About one network namespace: `place` is its label, which precedes the sentence; null if no other is
 * recorded. */
void report_note_about(const char *place, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_detail_about(const char *place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A note that is also appended, without the label, as a line to `notes`, which is for the file. */
void report_note_into(const char *place, GString *notes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
