/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The pipeline of a namespace's messages. */
#include "recorder/legacy/walk/pipeline.h"

#include "recorder/legacy/walk/path_steps.h"

#include <string.h>

/* ---- What a source hands over ---- */

static struct bytes text_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void tell_lost(struct pipeline *pipeline, uint64_t count)
{
    pipeline->out->lost(pipeline->out->user, count);
}

static void take_event(void *user, const struct event *event)
{
    struct pipeline *pipeline = user;
    pipeline->taken++;
    if (event->lost_before > 0)
        tell_lost(pipeline, event->lost_before);
    assembler_add(pipeline->assembler, event, pipeline->now);
}

/* Nothing is known of it but that the source was not empty. */
static void take_foreign(void *user, struct bytes prefix)
{
    struct pipeline *pipeline = user;
    (void)prefix;
    pipeline->taken++;
}

static void take_lost(void *user, uint64_t count)
{
    struct pipeline *pipeline = user;
    tell_lost(pipeline, count);
    assembler_lost(pipeline->assembler);
}

/* The strings of a finished path are the log's, its steps ours: witnesses may add to them. */
static void take_path(void *user, const struct ended_path *ended)
{
    struct pipeline *pipeline = user;
    struct path_steps *steps = &pipeline->steps;
    path_steps_make(steps, ended, text_of(pipeline->netns));
    for (struct witness *const *witness = pipeline->witnesses; witness && *witness; witness++)
        (*witness)->testify(*witness, &steps->path, steps->steps);
    pipeline->out->path(pipeline->out->user, &steps->path);
}

static bool may_go(void *user, const struct event *first)
{
    const struct pipeline *pipeline = user;
    struct bytes packet = first->message.attribute[MESSAGE_PAYLOAD];
    uint64_t time_us, time_ns = first->received_ns;
    if (message_get_time_us(&first->message, &time_us))
        time_ns = time_us * 1000;
    for (struct witness *const *witness = pipeline->witnesses; *witness; witness++)
        if ((*witness)->may_go && !(*witness)->may_go(*witness, packet, time_ns))
            return false;
    return true;
}

/* ---- Rulesets ---- */

void pipeline_tell_rules(const struct ruleset *ruleset, struct bytes netns, backend_rules_fn *take,
                         void *user)
{
    const struct ruleset_origin *origin = ruleset_get_origin(ruleset);
    const struct rule *imitation = ruleset_find_imitation(ruleset);
    g_autoptr(GArray) own = ruleset_own_rules(ruleset);
    const struct rules_record record = {
        .number = origin->number,
        .generation = origin->generation,
        .family = origin->family,
        .table = ruleset_table(ruleset),
        .netns = netns,
        .time_ns = origin->time_ns,
        .text = ruleset_text(ruleset),
        .own = (const struct ruleset_own *)own->data,
        .own_count = own->len,
        .imitation = imitation ? imitation->text : (struct bytes){0},
    };
    take(user, &record);
}

static void each_in_force(const struct pipeline *pipeline, backend_rules_fn *take, void *user)
{
    for (unsigned i = 0; i < FAMILY_COUNT; i++) {
        for (unsigned table = 0; table < TABLE_COUNT; table++) {
            const struct ruleset *ruleset = rulebook_get(pipeline->book, ip_family_at(i), table);
            if (ruleset)
                pipeline_tell_rules(ruleset, text_of(pipeline->netns), take, user);
        }
    }
}

static void each_former(const struct pipeline *pipeline, backend_rules_fn *take, void *user)
{
    g_autoptr(GPtrArray) former = rulebook_former(pipeline->book);
    for (guint i = 0; i < former->len; i++)
        pipeline_tell_rules(g_ptr_array_index(former, i), text_of(pipeline->netns), take, user);
}

void pipeline_each_rules(const struct pipeline *pipeline, bool former, backend_rules_fn *take, void *user)
{
    (former ? each_former : each_in_force)(pipeline, take, user);
}

void pipeline_put(struct pipeline *pipeline, struct ruleset *ruleset, const struct interval *change)
{
    bool is_taken =
        change ? rulebook_change(pipeline->book, ruleset, *change) : rulebook_put(pipeline->book, ruleset);
    if (is_taken)
        pipeline_tell_rules(ruleset, text_of(pipeline->netns), pipeline->out->rules, pipeline->out->user);
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

int pipeline_put_ruleset(struct pipeline *pipeline, enum ip_family family, struct bytes text,
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
        .number = pipeline->out->number_rules(pipeline->out->user),
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

/* ---- Beginning and end ---- */

void pipeline_init(struct pipeline *pipeline, const struct backend_sink *out,
                   struct witness *const *witnesses, const char *netns, bool keep_all,
                   uint64_t confirm_wait_ns)
{
    const struct assembler_limits limits = {
        .confirm_wait_ns = confirm_wait_ns,
        .may_go = witnesses ? may_go : NULL,
    };
    *pipeline = (struct pipeline){
        .netns = g_strdup(netns),
        .book = rulebook_new(keep_all),
        .out = out,
        .witnesses = witnesses,
        .sink = {.event = take_event, .lost = take_lost, .foreign = take_foreign, .user = pipeline},
    };
    pipeline->assembler = assembler_new(pipeline->book, &limits, take_path, pipeline);
}

void pipeline_done(struct pipeline *pipeline)
{
    assembler_free(pipeline->assembler);
    rulebook_free(pipeline->book);
    path_steps_done(&pipeline->steps);
    g_free(pipeline->netns);
    *pipeline = (struct pipeline){0};
}

void pipeline_add_journal_fields(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                                 const char *message, const struct journal_field *fields, size_t count)
{
    pipeline->out->journal(pipeline->out->user, pipeline->netns, priority, event, message, fields, count);
}

void pipeline_add_journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                          const char *message)
{
    pipeline_add_journal_fields(pipeline, priority, event, message, NULL, 0);
}

void pipeline_add_counts(const struct pipeline *pipeline, struct backend_counts *counts)
{
    struct assembler_counts paths;
    assembler_get_counts(pipeline->assembler, &paths);
    counts->incomplete += paths.incomplete;
    counts->ambiguous += paths.ambiguous;
    counts->evicted += paths.evicted;
    counts->no_rules += paths.no_rules;
    counts->unkept += paths.unkept;
    counts->malformed += paths.malformed;
}
