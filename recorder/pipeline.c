/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way of the data. */
#include "recorder/pipeline.h"

#include "recorder/report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* ---- What a source hands over ---- */

/* Replay: the file begins with the first packet's interface, and the stream's own time is the clock. */
#define REPLAY_TICK_NS 10000000

static void begin_replay(struct pipeline *pipeline, const struct event *event)
{
    struct bytes name = event->in.length > 0 ? event->in : event->out;
    g_autofree char *interface = g_strndup((const char *)name.data, name.length);
    g_autofree char *notes = g_strdup_printf("Replayed from %s", pipeline->options->read);
    const char *const interfaces[] = {interface, NULL};
    writer_begin(pipeline->writer, interfaces, notes, event->received_ns);
}

static void take_event(void *user, const struct event *event)
{
    struct pipeline *pipeline = user;
    if (pipeline->replay) {
        if (event->capture_id != pipeline->capture_id) {
            assembler_finish(pipeline->assembler);
            pipeline->capture_id = event->capture_id;
            pipeline->now_ns = 0;
        }
        if (!writer_has_begun(pipeline->writer))
            begin_replay(pipeline, event);
        if (event->received_ns >= pipeline->now_ns + REPLAY_TICK_NS) {
            pipeline->now_ns = event->received_ns;
            assembler_tick(pipeline->assembler, pipeline->now_ns);
        }
    }
    if (event->lost_before > 0)
        writer_add_lost(pipeline->writer, event->lost_before);
    assembler_add(pipeline->assembler, event, pipeline->now_ns);
}

static void take_lost(void *user, uint64_t count)
{
    struct pipeline *pipeline = user;
    writer_add_lost(pipeline->writer, count);
    assembler_lost(pipeline->assembler);
}

/* ---- Rulesets ---- */

static int put(struct pipeline *pipeline, struct bytes text, const struct ruleset_own *own, size_t own_count,
               const struct ruleset_origin *origin, struct error *error)
{
    struct ruleset *ruleset;
    int result = ruleset_new(&ruleset, text, own, own_count, origin, error);
    if (result < 0)
        return result;
    if (rulebook_put(pipeline->book, ruleset))
        writer_add_ruleset(pipeline->writer, ruleset);
    ruleset_unref(ruleset);
    return 0;
}

static bool is_the_same(const struct ruleset *before, struct bytes text, const struct ruleset_own *own,
                        size_t own_count)
{
    g_autoptr(GArray) own_before = ruleset_own_rules(before);
    if (!bytes_equal(ruleset_text(before), text) || own_before->len != own_count)
        return false;
    for (size_t i = 0; i < own_count; i++) {
        bool found = false;
        for (guint j = 0; j < own_before->len; j++) {
            const struct ruleset_own *other = &g_array_index(own_before, struct ruleset_own, j);
            found = found || (other->number == own[i].number && bytes_equal(other->chain, own[i].chain));
        }
        if (!found)
            return false;
    }
    return true;
}

int pipeline_put_ruleset(struct pipeline *pipeline, unsigned family, struct bytes text,
                         const struct ruleset_own *own, size_t own_count, uint64_t time_ns,
                         struct error *error)
{
    const uint8_t *end = memchr(text.data, '\n', text.length);
    struct bytes name = {text.data + 1, end && end > text.data ? (size_t)(end - text.data) - 1 : 0};
    const struct ruleset *before = rulebook_get(pipeline->book, family, table_of_name(name));
    if (before && is_the_same(before, text, own, own_count))
        return 0;
    const struct ruleset_origin origin = {
        .family = family,
        .number = ++pipeline->rulesets,
        .generation = before ? ruleset_get_origin(before)->generation + 1 : 1,
        .time_ns = time_ns,
    };
    return put(pipeline, text, own, own_count, &origin, error);
}

/* A ruleset of a file, put together from its parts. */
struct collected {
    GString *text;
    GArray *own;
    uint32_t next_part;
};

static void collected_free(gpointer pointer)
{
    struct collected *collected = pointer;
    g_string_free(collected->text, TRUE);
    g_array_unref(collected->own);
    g_free(collected);
}

static void take_ruleset(void *user, const struct ruleset_part *part)
{
    struct pipeline *pipeline = user;
    gpointer key = GUINT_TO_POINTER(part->ruleset);
    struct collected *collected = g_hash_table_lookup(pipeline->parts, key);
    if (part->part == 0) {
        collected = g_new0(struct collected, 1);
        collected->text = g_string_new(NULL);
        collected->own = g_array_new(FALSE, FALSE, sizeof(struct ruleset_own));
        g_hash_table_replace(pipeline->parts, key, collected);
        struct wire_reader at = wire_reader_of(part->body);
        struct ruleset_own own;
        while (ruleset_part_next_own(&at, &own))
            g_array_append_val(collected->own, own);
    }
    if (!collected || part->part != collected->next_part)
        return;
    g_string_append_len(collected->text, (const char *)part->text.data, (gssize)part->text.length);
    collected->next_part++;
    if (part->part + 1 < part->parts)
        return;

    const struct ruleset_origin origin = {
        .capture_id = part->capture_id,
        .family = part->family == 6 ? 6 : 4,
        .number = part->ruleset,
        .generation = part->generation,
        .time_ns = part->time_ns,
    };
    struct error error;
    if (put(pipeline, (struct bytes){(const uint8_t *)collected->text->str, collected->text->len},
            (struct ruleset_own *)collected->own->data, collected->own->len, &origin, &error) < 0)
        report_note("rules %u of %s: %s", part->ruleset, pipeline->options->read, error.text);
    else
        rulebook_set_tables(pipeline->book, origin.family, rulebook_tables(pipeline->book, origin.family), 0);
    g_hash_table_remove(pipeline->parts, key);
}

/* ---- Beginning and end ---- */

int pipeline_init(struct pipeline *pipeline, const struct options *options, bool replay, struct error *error)
{
    *pipeline = (struct pipeline){.options = options, .replay = replay};
    pipeline->book = rulebook_new(replay);
    pipeline->parts = g_hash_table_new_full(NULL, NULL, NULL, collected_free);
    int result = writer_open(&pipeline->writer, options, pipeline->book, error);
    if (result < 0)
        return result;
    const struct assembler_limits limits = {0};
    pipeline->assembler = assembler_new(pipeline->book, &limits, writer_add_path, pipeline->writer);
    pipeline->sink = (struct source_sink){
        .event = take_event,
        .lost = take_lost,
        .ruleset = take_ruleset,
        .user = pipeline,
    };
    return 0;
}

void pipeline_done(struct pipeline *pipeline)
{
    assembler_free(pipeline->assembler);
    writer_abandon(pipeline->writer);
    rulebook_free(pipeline->book);
    if (pipeline->parts)
        g_hash_table_destroy(pipeline->parts);
    *pipeline = (struct pipeline){0};
}

static void report_totals(const struct pipeline *pipeline, const struct totals *totals)
{
    report_note("%" PRIu64 " packets, %" PRIu64 " TRACE messages, %" PRIu64 " messages lost",
                writer_packets(pipeline->writer), totals->messages, totals->lost);
    g_autoptr(GString) verdicts = g_string_new(NULL);
    for (unsigned verdict = 0; verdict_name(verdict); verdict++) {
        uint64_t count = writer_verdicts(pipeline->writer, verdict);
        if (count > 0)
            g_string_append_printf(verdicts, "%s%" PRIu64 " %s", verdicts->len > 0 ? ", " : "", count,
                                   verdict_name(verdict));
    }
    if (verdicts->len > 0)
        report_note("%s", verdicts->str);
    if (totals->foreign > 0)
        report_note("%" PRIu64 " other messages of NFLOG group 0 were left out: they are no TRACE messages",
                    totals->foreign);
    uint64_t malformed = totals->malformed + totals->paths.malformed;
    if (malformed > 0)
        report_note("%" PRIu64 " messages could not be read", malformed);
    if (totals->paths.incomplete > 0)
        report_note("%" PRIu64 " packets are incomplete: messages of them were lost",
                    totals->paths.incomplete);
    if (totals->paths.ambiguous > 0)
        report_note("%" PRIu64 " packets are ambiguous: nothing told their messages from another's",
                    totals->paths.ambiguous);
}

int pipeline_finish(struct pipeline *pipeline, const struct source_stats *stats, struct error *error)
{
    assembler_finish(pipeline->assembler);
    struct totals totals = {
        .messages = stats->messages,
        .lost = stats->lost,
        .foreign = stats->foreign,
        .malformed = stats->malformed,
    };
    assembler_get_counts(pipeline->assembler, &totals.paths);
    report_totals(pipeline, &totals);
    struct writer *writer = pipeline->writer;
    pipeline->writer = NULL;
    return writer_close(writer, &totals, clock_realtime_ns(), error);
}
