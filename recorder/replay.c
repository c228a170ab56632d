/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording from a file. */
#include "recorder/replay.h"

#include "recorder/pipeline.h"
#include "recorder/progress.h"
#include "recorder/report.h"
#include "recorder/ruleset_parts.h"
#include "recorder/status.h"
#include "recorder/system/named_file.h"

#include <errno.h>
#include <string.h>

#define TICK_NS   10000000  /* the stream's own time is the clock */
#define READER_NS 500000000 /* a recorder was at most so long away from its socket */

/* What one namespace of one capture said. */
struct stream {
    uint32_t capture_id;
    struct pipeline pipeline;
};

struct replay {
    const struct options *options;
    struct writer *writer;
    GPtrArray *streams; /* of struct stream; the first is of no capture, and has the rules of --rules */
    struct stream *last;
    struct ruleset_parts *parts;
    uint64_t now_ns;
};

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
    for (unsigned family = 4; family <= 6; family += 2) {
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
    pipeline_init(&stream->pipeline, replay->writer, netns, true, 0);
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

static char *string_of(struct bytes text)
{
    return text.length > 0 ? g_strndup((const char *)text.data, text.length) : g_strdup("");
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
    g_autofree char *name = string_of(netns);
    return replay->last = add_stream(replay, capture_id, name);
}

/* ---- What the source hands over ---- */

/* The file begins with the first packet's interface. */
static void begin(struct replay *replay, const struct event *event)
{
    struct bytes name = event->in.length > 0 ? event->in : event->out;
    g_autofree char *interface = string_of(name);
    g_autofree char *notes = g_strdup_printf("Replayed from %s", replay->options->read);
    const char *const interfaces[] = {interface, NULL};
    writer_begin(replay->writer, interfaces, notes, event->received_ns);
}

static void take_event(void *user, const struct event *event)
{
    struct replay *replay = user;
    struct pipeline *pipeline = &stream_of(replay, event->capture_id, event->netns)->pipeline;
    if (!writer_has_begun(replay->writer))
        begin(replay, event);
    if (event->received_ns >= pipeline->now_ns + TICK_NS) {
        /* All that was sent until the message before was read has come; of what was sent since, this is the
         * first, and more may follow that was read with it, unless that would be a long time. */
        uint64_t early_ns = event->received_ns > READER_NS ? event->received_ns - READER_NS : 0;
        assembler_tick(pipeline->assembler, MAX(pipeline->now_ns, early_ns));
        pipeline->now_ns = event->received_ns;
        replay->now_ns = MAX(replay->now_ns, pipeline->now_ns);
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
        report_note("rules %u of %s: %s", part->ruleset, replay->options->read, error.text);
    if (!ruleset)
        return;
    unsigned family = ruleset_get_origin(ruleset)->family;
    pipeline_put(pipeline, ruleset, NULL);
    rulebook_set_tables(pipeline->book, family, rulebook_tables(pipeline->book, family), 0);
    ruleset_unref(ruleset);
}

/* ---- Rules that are given ---- */

/* iptables-save prints counters before a rule where it was asked to: `[12:720] -A INPUT …`. */
static void append_line(GString *table, const char *line)
{
    if (*line == '[') {
        const char *end = strstr(line, "] ");
        line = end ? end + 2 : line;
    }
    g_string_append(table, line);
    g_string_append_c(table, '\n');
}

/* The text of a whole iptables-save, table by table. */
static int read_rules(struct pipeline *pipeline, const char *path, unsigned family, struct error *error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    struct own_rights rights;
    own_rights_begin(&rights);
    bool is_read = g_file_get_contents(path, &text, NULL, &problem);
    own_rights_end(&rights);
    if (!is_read)
        return error_set(error, EIO, "cannot read the rules: %s", problem->message);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) table = g_string_new(NULL);
    size_t tables = 0;
    for (char **line = lines; *line; line++) {
        if (**line == '#' || (**line == '\0' && table->len == 0))
            continue;
        append_line(table, *line);
        if (strcmp(*line, "COMMIT") != 0)
            continue;
        struct error why;
        if (pipeline_put_ruleset(pipeline, family, (struct bytes){(const uint8_t *)table->str, table->len},
                                 NULL, 0, 0, NULL, &why) < 0)
            return error_set(error, EINVAL, "%s: %s", path, why.text);
        g_string_truncate(table, 0);
        tables++;
    }
    if (tables == 0)
        return error_set(error, EINVAL, "%s holds no rules: expected the output of %s", path,
                         family == 4 ? "iptables-save" : "ip6tables-save");
    rulebook_set_tables(pipeline->book, family, rulebook_tables(pipeline->book, family), 0);
    return 0;
}

/* ---- The whole ---- */

static void show_progress(const struct replay *replay, struct source *source)
{
    struct source_stats stats;
    uint64_t now_ns = clock_monotonic_ns();
    if (!status_is_due(now_ns))
        return;
    source->ops->stats(source, &stats);
    progress_show(replay->writer, &stats, source->ops->progress(source), now_ns);
}

static int finish(struct replay *replay, struct source *source, struct error *error)
{
    struct totals totals = {0};
    struct source_stats stats;
    source->ops->stats(source, &stats);
    totals_add_source(&totals, &stats);
    for (guint i = 0; i < replay->streams->len; i++) {
        struct pipeline *pipeline = &((struct stream *)g_ptr_array_index(replay->streams, i))->pipeline;
        /* Until then it is known that nothing more came: what was silent long enough had ended. */
        if (stats.end_ns > pipeline->now_ns)
            assembler_tick(pipeline->assembler, stats.end_ns);
        pipeline_finish(pipeline, &totals);
    }
    g_ptr_array_set_size(replay->streams, 0);
    struct writer *writer = g_steal_pointer(&replay->writer);
    /* Where -c or -a ended it, what was read ahead is of no packet that it speaks of. */
    if (writer_is_full(writer, replay->now_ns))
        totals.source.messages = writer_messages(writer);
    int result = writer_close(writer, &totals, clock_realtime_ns(), error);
    if (result == 0 && stats.cut)
        return error_set(error, EBADMSG,
                         "%s ends in the middle of a record: what was before it has been read",
                         replay->options->read);
    return result;
}

static int run(struct replay *replay, struct source *source, struct error *error)
{
    const struct source_sink sink = {
        .event = take_event,
        .lost = take_lost,
        .ruleset = take_ruleset,
        .user = replay,
    };
    int state = SOURCE_MORE;
    while (state != SOURCE_END) {
        state = source->ops->drain(source, &sink, error);
        if (state < 0)
            return state;
        int result = writer_flush(replay->writer, false, replay->now_ns, error);
        if (result < 0)
            return result;
        if (writer_is_full(replay->writer, replay->now_ns))
            break;
        show_progress(replay, source);
    }
    return finish(replay, source, error);
}

static int read_all_rules(const struct options *options, struct pipeline *pipeline, struct error *error)
{
    int result = 0;
    if (options->rules)
        result = read_rules(pipeline, options->rules, 4, error);
    if (result == 0 && options->rules6)
        result = read_rules(pipeline, options->rules6, 6, error);
    return result;
}

int replay_run(const struct options *options, struct error *error)
{
    struct replay replay = {.options = options};
    struct source *source = NULL;
    int result = replay_source_open(&source, options->read, error);
    if (result < 0)
        return result;
    replay.parts = ruleset_parts_new();
    replay.streams = g_ptr_array_new_with_free_func(stream_free);
    result = writer_open(&replay.writer, options, error);
    if (result == 0) {
        replay.last = add_stream(&replay, 0, "");
        result = read_all_rules(options, &replay.last->pipeline, error);
    }
    if (result == 0)
        result = run(&replay, source, error);
    g_ptr_array_unref(replay.streams);
    writer_abandon(replay.writer);
    ruleset_parts_free(replay.parts);
    source->ops->close(source);
    return result;
}
