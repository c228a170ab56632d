/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One sentence for a person: the value that was found, and what was expected. */
#ifndef IPTRACE_CORE_ERROR_H
#define IPTRACE_CORE_ERROR_H

#include <stddef.h>

/* Functions that can fail in a way a person must understand return a negative errno and fill one of these.
 * Library code prints nothing; only the program turns an error into output and an exit status. */
struct error {
    char text[512];
};

/* Writes the sentence (printf's format; a null `error` is allowed) and returns -err, so that
 * `return error_set(error, ENOENT, "…")` reads well. `err` is positive. */
int error_set(struct error *error, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
