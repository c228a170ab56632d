/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Hands everything that a backend produces to the writer. */
#include "recorder/record/sink.h"

#include <string.h>

#include "recorder/report/report.h"
#include "recorder/system/clock.h"

#define IMITATIONS_MAX 64 /* remembered; beyond, a warning may come again */

static void begin(void *user, struct bytes interface, uint64_t time_ns)
{
    struct sink *sink = user;
    g_autofree char *name =
        g_strndup(interface.length > 0 ? (const char *)interface.data : "", interface.length);
    const char *const interfaces[] = {name, NULL};
    writer_begin(sink->writer, interfaces, sink->notes, time_ns);
}

static void take_path(void *user, const struct finished_path *path)
{
    struct sink *sink = user;
    writer_add_path(sink->writer, path);
}

static void take_lost(void *user, uint64_t count)
{
    struct sink *sink = user;
    writer_add_lost(sink->writer, count);
}

static uint32_t number_rules(void *user)
{
    struct sink *sink = user;
    return writer_number_rules(sink->writer);
}

/* Said once about each: rules change often. */
static void warn_of_imitation(struct sink *sink, struct bytes netns, struct bytes rule)
{
    if (rule.length == 0)
        return;
    g_autofree char *text = g_strndup((const char *)rule.data, rule.length);
    g_autofree char *where = g_strndup(netns.length > 0 ? (const char *)netns.data : "", netns.length);
    if (g_hash_table_size(sink->imitations) == IMITATIONS_MAX)
        g_hash_table_remove_all(sink->imitations);
    if (g_hash_table_add(sink->imitations, g_strconcat(where, ": ", text, NULL)))
        report_note_about(sink->place, RULES_IMITATION, (int)strlen(text), text);
}

static void take_rules(void *user, const struct rules_record *rules)
{
    struct sink *sink = user;
    warn_of_imitation(sink, rules->netns, rules->imitation);
    writer_add_rules(sink->writer, rules);
}

static void take_journal(void *user, const char *netns, enum journal_priority priority, const char *event,
                         const char *message, const struct journal_field *fields, size_t count)
{
    sink_add_journal(user, netns, priority, event, message, fields, count);
}

void sink_init(struct sink *sink, struct writer *writer, const char *place)
{
    *sink = (struct sink){
        .out = {.begin = begin,
                .path = take_path,
                .lost = take_lost,
                .number_rules = number_rules,
                .rules = take_rules,
                .journal = take_journal,
                .user = sink},
        .writer = writer,
        .place = place,
        .imitations = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
}

void sink_done(struct sink *sink)
{
    if (sink->imitations)
        g_hash_table_unref(sink->imitations);
    *sink = (struct sink){0};
}

void sink_add_journal(struct sink *sink, const char *netns, enum journal_priority priority, const char *event,
                      const char *message, const struct journal_field *fields, size_t count)
{
    g_autofree char *told = g_strconcat(netns, netns[0] ? ": " : "", message, NULL);
    writer_add_journal_fields(sink->writer, netns, clock_realtime_ns(), priority, event, told, fields, count);
}
