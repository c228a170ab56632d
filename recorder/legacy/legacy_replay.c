/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A file of legacy iptables' TRACE messages, read as if it came from the kernel. */
#include "recorder/legacy/legacy_backend.h"

#include <errno.h>
#include <string.h>

#include "recorder/legacy/replay/replay_source.h"
#include "recorder/legacy/replay/rules_file.h"
#include "recorder/legacy/walk/pipeline.h"
#include "recorder/legacy/walk/ruleset_parts.h"
#include "recorder/report/report.h"

#define TICK_NS   10000000  /* the stream's own time is the clock */
#define READER_NS 500000000 /* a recorder was at most so long away from its socket */

/* What one namespace of one capture said. */
struct stream {
    uint32_t capture_id;
    struct pipeline pipeline;
};

struct replay {
    struct backend backend;
    struct backend_site site;
    struct source *source;
    GPtrArray *streams; /* of struct stream; the first is of no capture, and has the rules of --rules */
    struct stream *last;
    struct ruleset_parts *parts;
    bool begun;
    uint64_t now_ns;
};

static struct replay *replay_of(struct backend *backend)
{
    return (struct replay *)backend;
}

/* ---- Streams ---- */

static void stream_free(gpointer pointer)
{
    struct stream *stream = pointer;
    pipeline_done(&stream->pipeline);
    g_free(stream);
}

/* The rules that were given hold for every stream, until the file tells others. */
static void copy_rules(struct rulebook *book, const struct rulebook *given)
{
    for (unsigned i = 0; i < FAMILY_COUNT; i++) {
        enum ip_family family = ip_family_at(i);
        for (unsigned table = 0; table < TABLE_COUNT; table++) {
            struct ruleset *ruleset = rulebook_get(given, family, table);
            if (ruleset)
                rulebook_put(book, ruleset);
        }
        if (rulebook_knows_tables(given, family))
            rulebook_set_tables(book, family, rulebook_tables(given, family), 0);
    }
}

static struct stream *add_stream(struct replay *replay, uint32_t capture_id, const char *netns)
{
    struct stream *stream = g_new0(struct stream, 1);
    stream->capture_id = capture_id;
    pipeline_init(&stream->pipeline, replay->site.sink, replay->site.witnesses, netns, true, 0);
    if (replay->streams->len > 0) {
        const struct stream *first = g_ptr_array_index(replay->streams, 0);
        copy_rules(stream->pipeline.book, first->pipeline.book);
    }
    g_ptr_array_add(replay->streams, stream);
    return stream;
}

static bool is_of(const struct stream *stream, uint32_t capture_id, struct bytes netns)
{
    const char *name = stream->pipeline.netns;
    return stream->capture_id == capture_id &&
           bytes_equal((struct bytes){(const uint8_t *)name, strlen(name)}, netns);
}

static struct stream *stream_of(struct replay *replay, uint32_t capture_id, struct bytes netns)
{
    if (is_of(replay->last, capture_id, netns))
        return replay->last;
    for (guint i = 0; i < replay->streams->len; i++) {
        replay->last = g_ptr_array_index(replay->streams, i);
        if (is_of(replay->last, capture_id, netns))
            return replay->last;
    }
    g_autofree char *name =
        netns.length > 0 ? g_strndup((const char *)netns.data, netns.length) : g_strdup("");
    return replay->last = add_stream(replay, capture_id, name);
}

/* ---- What the source hands over ---- */

/* The file begins with the first packet's interface. */
static void begin(struct replay *replay, const struct event *event)
{
    const struct backend_sink *sink = replay->site.sink;
    replay->begun = true;
    sink->begin(sink->user, event->in.length > 0 ? event->in : event->out, event->received_ns);
}

static void take_event(void *user, const struct event *event)
{
    struct replay *replay = user;
    struct pipeline *pipeline = &stream_of(replay, event->capture_id, event->netns)->pipeline;
    if (!replay->begun)
        begin(replay, event);
    struct monotonic now = {event->received_ns};
    if (monotonic_since(now, pipeline->now) >= TICK_NS) {
        /* All that was sent until the message before was read has come; of what was sent since, this is the
         * first, and more may follow that was read with it, unless that would be a long time. */
        struct monotonic early = {now.ns > READER_NS ? now.ns - READER_NS : 0};
        assembler_tick(pipeline->assembler, monotonic_later(pipeline->now, early));
        pipeline->now = now;
        replay->now_ns = MAX(replay->now_ns, event->received_ns);
    }
    pipeline->sink.event(pipeline->sink.user, event);
}

static void take_lost(void *user, uint64_t count)
{
    struct replay *replay = user;
    const struct source_sink *sink = &replay->last->pipeline.sink;
    sink->lost(sink->user, count);
}

static void take_ruleset(void *user, const struct ruleset_part *part)
{
    struct replay *replay = user;
    struct pipeline *pipeline = &stream_of(replay, part->capture_id, part->netns)->pipeline;
    struct ruleset *ruleset;
    struct error error;
    if (ruleset_parts_add(replay->parts, part, &ruleset, &error) < 0)
        report_note_about(replay->site.label, "rules %u of %s: %s", part->ruleset, replay->site.options->read,
                          error.text);
    if (!ruleset)
        return;
    enum ip_family family = ruleset_get_origin(ruleset)->family;
    pipeline_put(pipeline, ruleset, NULL);
    rulebook_set_tables(pipeline->book, family, rulebook_tables(pipeline->book, family), 0);
    ruleset_unref(ruleset);
}

/* ---- The whole ---- */

static int replay_open(struct backend **ret_backend, const struct backend_site *site, struct error *error)
{
    struct replay *replay = g_new0(struct replay, 1);
    replay->backend.ops = &legacy_replay_ops;
    replay->site = *site;
    replay->parts = ruleset_parts_new();
    replay->streams = g_ptr_array_new_with_free_func(stream_free);
    *ret_backend = &replay->backend;
    return replay_source_open(&replay->source, site->options->read, error);
}

static int replay_start(struct backend *backend, const char *tag, uint64_t confirm_wait_ns, GString *notes,
                        struct error *error)
{
    struct replay *replay = replay_of(backend);
    const struct options *options = replay->site.options;
    int result = 0;
    (void)tag;             /* nothing is changed … */
    (void)confirm_wait_ns; /* … and no rule changes but where the file says so */
    g_string_append_printf(notes, "Replayed from %s", options->read);
    replay->last = add_stream(replay, 0, "");
    if (options->rules)
        result = rules_file_read(&replay->last->pipeline, options->rules, FAMILY_IPV4, error);
    if (result == 0 && options->rules6)
        result = rules_file_read(&replay->last->pipeline, options->rules6, FAMILY_IPV6, error);
    return result;
}

static int replay_turn(struct backend *backend, struct monotonic now, struct error *error)
{
    struct replay *replay = replay_of(backend);
    const struct source_sink sink = {
        .event = take_event,
        .lost = take_lost,
        .ruleset = take_ruleset,
        .user = replay,
    };
    (void)now; /* the file's time is the clock */
    int state = replay->source->ops->drain(replay->source, &sink, error);
    return state < 0 ? state : state == SOURCE_END ? BACKEND_END : BACKEND_MORE;
}

static void replay_each_rules(struct backend *backend, bool former, backend_rules_fn *take, void *user)
{
    const struct replay *replay = replay_of(backend);
    for (guint i = 0; i < replay->streams->len; i++) {
        const struct stream *stream = g_ptr_array_index(replay->streams, i);
        pipeline_each_rules(&stream->pipeline, former, take, user);
    }
}

static void replay_counts(struct backend *backend, struct backend_counts *ret_counts)
{
    const struct replay *replay = replay_of(backend);
    *ret_counts = (struct backend_counts){
        .progress = replay->source->ops->progress(replay->source),
        .now_ns = replay->now_ns,
    };
    source_add_counts(replay->source, ret_counts);
    for (guint i = 0; i < replay->streams->len; i++) {
        const struct stream *stream = g_ptr_array_index(replay->streams, i);
        pipeline_add_counts(&stream->pipeline, ret_counts);
    }
}

static int replay_finish(struct backend *backend, struct error *error)
{
    struct replay *replay = replay_of(backend);
    struct source_stats stats;
    (void)error;
    replay->source->ops->stats(replay->source, &stats);
    for (guint i = 0; i < replay->streams->len; i++) {
        struct pipeline *pipeline = &((struct stream *)g_ptr_array_index(replay->streams, i))->pipeline;
        /* Until then it is known that nothing more came: what was silent long enough had ended. */
        if (stats.end_ns > pipeline->now.ns)
            assembler_tick(pipeline->assembler, (struct monotonic){stats.end_ns});
        assembler_finish(pipeline->assembler);
    }
    return 0;
}

static void replay_close(struct backend *backend, struct error *ret_left)
{
    struct replay *replay = replay_of(backend);
    (void)ret_left;
    g_ptr_array_unref(replay->streams);
    ruleset_parts_free(replay->parts);
    if (replay->source)
        replay->source->ops->close(replay->source);
    g_free(replay);
}

const struct backend_ops legacy_replay_ops = {
    .name = "replay",
    .open = replay_open,
    .start = replay_start,
    .turn = replay_turn,
    .each_rules = replay_each_rules,
    .counts = replay_counts,
    .finish = replay_finish,
    .close = replay_close,
};
