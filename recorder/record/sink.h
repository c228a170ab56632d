/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a backend to the writer: what every backend of a recording hands over. */
#ifndef IPTRACE_RECORD_SINK_H
#define IPTRACE_RECORD_SINK_H

#include "recorder/output/writer.h"

struct sink {
    struct backend_sink out; /* for the backend's site */
    struct writer *writer;
    const char *notes; /* replay: sentences for the file's first entry; null: none */
    const char *place; /* the namespace's label; null where no other is recorded */
    char *imitation;   /* the rule that was warned of last; null: none was */
};

/* In place, and not to be moved. The writer stays the caller's, and so does `place`, a namespace's label or
 * null: whom notes are about. */
void sink_init(struct sink *sink, struct writer *writer, const char *place);
void sink_done(struct sink *sink);

/* An entry of the file about that namespace, now; its name stands before the sentence where it has one. */
void sink_add_journal(struct sink *sink, const char *netns, enum journal_priority priority, const char *event,
                      const char *message, const struct journal_field *fields, size_t count);

#endif
