/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Hands everything that a backend produces to the writer. */
#ifndef IPTRACE_RECORD_SINK_H
#define IPTRACE_RECORD_SINK_H

#include "recorder/output/writer.h"

struct sink {
    struct backend_sink out; /* for the backend's site */
    struct writer *writer;
    const char *notes;      /* replay: sentences for the file's first journal entry; null: none */
    const char *place;      /* the namespace's label; null if no other is recorded */
    GHashTable *imitations; /* what was warned of: `NAMESPACE: RULE` */
};

/* Initialised in place, and not to be moved. The writer stays the caller's, and so does `place`, the label of
 * the namespace that notes are about, or null. */
void sink_init(struct sink *sink, struct writer *writer, const char *place);
void sink_done(struct sink *sink);

/* Adds a journal entry about that namespace, dated now; the namespace's name, if it has one, precedes the
 * message. */
void sink_add_journal(struct sink *sink, const char *netns, enum journal_priority priority, const char *event,
                      const char *message, const struct journal_field *fields, size_t count);

#endif
