/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one way of the data. */
#include "recorder/pipeline.h"

#include "recorder/report.h"

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

static void take_event(void *user, const struct event *event)
{
    struct pipeline *pipeline = user;
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

static void take_path(void *user, const struct finished_path *path)
{
    struct pipeline *pipeline = user;
    writer_add_path(pipeline->writer, pipeline->netns, path);
}

/* ---- Rulesets ---- */

/* Said once of each: rules change often. */
static void warn_of_imitation(struct pipeline *pipeline, const struct ruleset *ruleset)
{
    const struct rule *rule = ruleset_find_imitation(ruleset);
    if (!rule)
        return;
    g_autofree char *text = g_strndup((const char *)rule->text.data, rule->text.length);
    if (g_strcmp0(text, pipeline->imitation) == 0)
        return;
    report_note(WRITER_IMITATION, (int)strlen(text), text);
    g_free(pipeline->imitation);
    pipeline->imitation = g_steal_pointer(&text);
}

void pipeline_put(struct pipeline *pipeline, struct ruleset *ruleset, const struct interval *change)
{
    warn_of_imitation(pipeline, ruleset);
    bool is_taken =
        change ? rulebook_change(pipeline->book, ruleset, *change) : rulebook_put(pipeline->book, ruleset);
    if (is_taken)
        writer_add_ruleset(pipeline->writer, pipeline->netns, ruleset);
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
                         const struct interval *change, struct error *error)
{
    const uint8_t *end = memchr(text.data, '\n', text.length);
    struct bytes name = {text.data + 1, end && end > text.data ? (size_t)(end - text.data) - 1 : 0};
    const struct ruleset *before = rulebook_get(pipeline->book, family, table_of_name(name));
    if (before && is_the_same(before, text, own, own_count))
        return 0;
    const struct ruleset_origin origin = {
        .family = family,
        .number = writer_number_ruleset(pipeline->writer),
        .generation = before ? ruleset_get_origin(before)->generation + 1 : 1,
        .time_ns = time_ns,
    };
    struct ruleset *ruleset;
    int result = ruleset_new(&ruleset, text, own, own_count, &origin, error);
    if (result < 0)
        return result;
    pipeline_put(pipeline, ruleset, change);
    ruleset_unref(ruleset);
    return 0;
}

int pipeline_put_text(struct pipeline *pipeline, unsigned family, const struct table_text *text,
                      uint64_t time_ns, const struct interval *change, struct error *error)
{
    struct ruleset_own *own = g_new(struct ruleset_own, text->own_count);
    for (size_t i = 0; i < text->own_count; i++) {
        const char *chain = text->own[i].chain;
        own[i] = (struct ruleset_own){
            {(const uint8_t *)chain, strlen(chain)},
            text->own[i].number
        };
    }
    int result =
        pipeline_put_ruleset(pipeline, family, (struct bytes){(const uint8_t *)text->text, text->length}, own,
                             text->own_count, time_ns, change, error);
    g_free(own);
    return result;
}

/* ---- Beginning and end ---- */

void pipeline_init(struct pipeline *pipeline, struct writer *writer, const char *netns, bool keep_all,
                   uint64_t confirm_wait_ns)
{
    const struct assembler_limits limits = {.confirm_wait_ns = confirm_wait_ns};
    *pipeline = (struct pipeline){
        .netns = g_strdup(netns),
        .book = rulebook_new(keep_all),
        .writer = writer,
        .sink = {.event = take_event, .lost = take_lost, .user = pipeline},
    };
    pipeline->assembler = assembler_new(pipeline->book, &limits, take_path, pipeline);
    writer_add_book(writer, pipeline->netns, pipeline->book);
}

void pipeline_done(struct pipeline *pipeline)
{
    if (pipeline->book)
        writer_remove_book(pipeline->writer, pipeline->book);
    assembler_free(pipeline->assembler);
    rulebook_free(pipeline->book);
    g_free(pipeline->netns);
    g_free(pipeline->imitation);
    *pipeline = (struct pipeline){0};
}

void pipeline_add_journal_fields(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                                 const char *message, const struct journal_field *fields, size_t count)
{
    bool is_one = pipeline->netns[0] != '\0';
    g_autofree char *told = g_strconcat(pipeline->netns, is_one ? ": " : "", message, NULL);
    writer_add_journal_fields(pipeline->writer, pipeline->netns, clock_realtime_ns(), priority, event, told,
                              fields, count);
}

void pipeline_add_journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                          const char *message)
{
    pipeline_add_journal_fields(pipeline, priority, event, message, NULL, 0);
}

void pipeline_finish(struct pipeline *pipeline, struct totals *totals)
{
    struct assembler_counts counts;
    assembler_finish(pipeline->assembler);
    assembler_get_counts(pipeline->assembler, &counts);
    totals_add_paths(totals, &counts);
}
