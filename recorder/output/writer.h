/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Where finished packets go: into a file or a ring of files, into a pipe, onto the terminal. */
#ifndef IPTRACE_OUTPUT_WRITER_H
#define IPTRACE_OUTPUT_WRITER_H

#include "recorder/backend/backend.h"

struct writer;

/* Opens what -w names; without it, text goes to standard output. The options stay the caller's. */
int writer_open(struct writer **ret_writer, const struct options *options, struct error *error);

/* In the following, `netns` is the name of a network namespace if several are recorded; else empty. */

/* The rules of each backend are written at the beginning of each file. The backend stays the caller's. */
void writer_add_backend(struct writer *writer, struct backend *backend);
void writer_remove_backend(struct writer *writer, struct backend *backend);

/* Begins the file, with at least one interface: nothing may be added before. `notes` are sentences for the
 * file's first journal entry, one per line, or null. */
void writer_begin(struct writer *writer, const char *const *interfaces, const char *notes, uint64_t now_ns);

void writer_add_path(struct writer *writer, const struct finished_path *path);
void writer_add_rules(struct writer *writer, const struct rules_record *rules);
void writer_add_journal(struct writer *writer, const char *netns, uint64_t now_ns,
                        enum journal_priority priority, const char *event, const char *message);
/* Likewise, with additional fields: at most WRITER_FIELDS_MAX. */
void writer_add_journal_fields(struct writer *writer, const char *netns, uint64_t now_ns,
                               enum journal_priority priority, const char *event, const char *message,
                               const struct journal_field *fields, size_t count);
#define WRITER_FIELDS_MAX 32

/* Whether the output is a regular file, so that nobody is waiting for it. */
bool writer_has_file(const struct writer *writer);

/* The next ruleset's number in the capture, from 1. */
uint32_t writer_number_rules(struct writer *writer);

/* `count` messages were lost before what comes next. */
void writer_add_lost(struct writer *writer, uint64_t count);

/* Passes on what was added; goes on to the next file of a ring if a bound is reached. `now`: at once,
 * including what would wait for a fuller block. */
int writer_flush(struct writer *writer, bool now, uint64_t now_ns, struct error *error);

/* The descriptor on which poll(), with no events requested, reports that our pipe's reader has gone; -1 if
 * there is none. */
int writer_reader_fd(const struct writer *writer);

/* Notes that the reader has gone: -EPIPE, with a sentence. */
int writer_lose_reader(struct writer *writer, struct error *error);

/* Whether a bound of -c or -a is reached. */
bool writer_is_full(const struct writer *writer, uint64_t now_ns);

/* TRACE messages of the packets that were written. */
uint64_t writer_messages(const struct writer *writer);

uint64_t writer_packets(const struct writer *writer);
uint64_t writer_verdicts(const struct writer *writer, enum verdict verdict);

/* Reports what was recorded, writes the end of the file, closes it and frees the writer. */
int writer_close(struct writer *writer, const struct backend_counts *counts, uint64_t now_ns,
                 struct error *error);

/* Frees the writer after a failure: nothing more is written. Null is allowed. */
void writer_abandon(struct writer *writer);

#endif
