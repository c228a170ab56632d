/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Recording from a file: one backend, and the file's time as the clock. */
#include "recorder/record/replay.h"

#include <errno.h>

#include "recorder/record/backends.h"
#include "recorder/record/progress.h"
#include "recorder/record/sink.h"
#include "recorder/report/status.h"
#include "recorder/system/clock.h"

struct replay {
    const struct options *options;
    struct writer *writer;
    struct sink sink;
    struct backend *backend;
    GString *notes;
};

static void show_progress(const struct replay *replay, const struct backend_counts *counts)
{
    struct monotonic now = clock_monotonic();
    if (status_is_due(now))
        progress_show(replay->writer, counts, now);
}

static int finish(struct replay *replay, struct error *error)
{
    struct backend_counts counts;
    struct backend *backend = replay->backend;
    int result = backend->ops->finish(backend, error);
    if (result < 0)
        return result;
    backend->ops->counts(backend, &counts);
    writer_remove_backend(replay->writer, backend);
    struct writer *writer = g_steal_pointer(&replay->writer);
    /* Where -c or -a ended it, what was read ahead is of no packet that it speaks of. */
    if (writer_is_full(writer, counts.now_ns))
        counts.messages = writer_messages(writer);
    result = writer_close(writer, &counts, clock_realtime_ns(), error);
    if (result == 0 && counts.cut)
        return error_set(error, EBADMSG,
                         "%s ends in the middle of a record: everything before that has been read",
                         replay->options->read);
    return result;
}

static int run(struct replay *replay, struct error *error)
{
    struct backend *backend = replay->backend;
    for (int state = BACKEND_MORE; state != BACKEND_END;) {
        struct backend_counts counts;
        state = backend->ops->turn(backend, clock_monotonic(), error);
        if (state < 0)
            return state;
        backend->ops->counts(backend, &counts);
        int result = writer_flush(replay->writer, false, counts.now_ns, error);
        if (result < 0)
            return result;
        if (writer_is_full(replay->writer, counts.now_ns))
            break;
        show_progress(replay, &counts);
    }
    return finish(replay, error);
}

static int start(struct replay *replay, struct error *error)
{
    struct backend *backend = replay->backend;
    int result = writer_open(&replay->writer, replay->options, error);
    if (result < 0)
        return result;
    sink_init(&replay->sink, replay->writer, NULL);
    writer_add_backend(replay->writer, backend);
    result = backend->ops->start(backend, "", 0, replay->notes, error);
    replay->sink.notes = replay->notes->str;
    return result;
}

int replay_run(const struct options *options, struct error *error)
{
    struct replay replay = {.options = options, .notes = g_string_new(NULL)};
    const struct backend_site site = {.options = options, .sink = &replay.sink.out};
    struct error left;
    int result = replay_backend->open(&replay.backend, &site, error);
    if (result == 0)
        result = start(&replay, error);
    if (result == 0)
        result = run(&replay, error);
    replay.backend->ops->close(replay.backend, &left);
    writer_abandon(replay.writer);
    sink_done(&replay.sink);
    g_string_free(replay.notes, TRUE);
    return result;
}
