/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Makes a recording's changes in the kernel: asks agents and guard for each step of kernel_state.h. */
#include "recorder/legacy/kernel/kernel_start.h"

#include "recorder/core/filter.h"
#include "recorder/legacy/kernel/family_choice.h"
#include "recorder/legacy/kernel/kernel_family.h"
#include "recorder/legacy/kernel/leftovers.h"
#include "recorder/legacy/kernel/limit_choice.h"
#include "recorder/legacy/kernel/put_text.h"
#include "recorder/legacy/kernel/start_notes.h"
#include "recorder/legacy/kernel/traffic.h"
#include "recorder/report/report.h"
#include "recorder/system/clock.h"
#include "recorder/system/nftables.h"
#include "recorder/system/ssh_session.h"

#include <string.h>

struct start {
    struct kernel *kernel;
    struct pipeline *pipeline;
    const char *tag;
    struct filter filter;
    struct traffic before; /* when it began */
    struct limit_choice limit;
    bool has_legacy_rules;
    GString *notes;
};

static void note(const struct start *start, const char *sentence)
{
    if (sentence)
        report_note_into(start->kernel->place, start->notes, "%s", sentence);
}

/* ---- What is read ---- */

static int read_table(struct family *family, struct pipeline *pipeline, const char *table,
                      struct error *error)
{
    struct table_text text = {0};
    int result = agent_text(family->agent, table, TEXT_MS, &text, error);
    if (result < 0)
        return result;
    result = put_table_text(pipeline, family_version(family), &text, clock_realtime_ns(), NULL, error);
    /* What the watch compares the tables with is what the book has. */
    for (size_t i = 0; result == 0 && i < family->state.table_count; i++) {
        struct table_state *state = &family->state.tables[i];
        if (strcmp(state->name, table) != 0)
            continue;
        state->hash = text.hash;
        state->own_rules = (uint32_t)text.own_count;
    }
    table_text_done(&text);
    return result;
}

/* All tables but `raw`, which is read again once our own rules are in it. */
static int read_tables(struct family *family, struct pipeline *pipeline, struct error *error)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < family->state.table_count; i++)
        if (strcmp(family->state.tables[i].name, "raw") != 0)
            result = read_table(family, pipeline, family->state.tables[i].name, error);
    return result;
}

static int read_family(struct start *start, struct family *family, struct error *error)
{
    struct ruleset_state *state = &family->state;
    family->read = (struct moment){clock_monotonic(), clock_realtime_ns()};
    int result = agent_state(family->agent, true, TEXT_MS, state, error);
    if (result < 0)
        return result;
    /* Until the watch has read them, nothing is claimed of any message. */
    family->reads_later = family_is_large(state);
    if (family->reads_later)
        rulebook_suspect(start->pipeline->book, family_version(family), clock_realtime_ns());
    else
        result = read_tables(family, start->pipeline, error);
    start->has_legacy_rules = start->has_legacy_rules || family_has_rules(state);
    family->upkeep.life_s = upkeep_life_s(family_shares_raw(state));
    return result;
}

/* Now raw is as it will be, and may be new. */
static int read_raw(struct start *start, struct family *family, bool raw_created, struct error *error)
{
    struct ruleset_state state;
    int result = agent_state(family->agent, false, QUICK_MS, &state, error);
    if (result < 0)
        return result;
    family->upkeep.is_whole = true;
    table_set exist = ruleset_state_tables(&state);
    if (exist >> TABLE_RAW & 1)
        result = read_table(family, start->pipeline, "raw", error);
    rulebook_set_tables(start->pipeline->book, family_version(family), exist,
                        raw_created ? 1u << TABLE_RAW : 0);
    return result;
}

/* ---- What is changed ---- */

static void note_leftover(void *user, const char *sentence)
{
    note(user, sentence);
}

static void choose_limit(struct start *start)
{
    const struct kernel *kernel = start->kernel;
    struct limit_question question = {.count = kernel->count};
    if (limit_choice_asks(kernel->options)) {
        struct traffic now = traffic_observe(kernel->netns);
        question.rate = traffic_rate(&start->before, &now);
    }
    for (size_t i = 0; i < kernel->count; i++)
        question.states[i] = &kernel->families[i].state;
    limit_choice_make(kernel->options, &question, &start->limit);
    note(start, start->limit.sentence);
}

G_STATIC_ASSERT(STATE_TAG_SIZE == TRACE_TAG_MAX + 1 && STATE_LOGGER_SIZE == LOGGER_NAME_SIZE);

/* The guard knows what there will be to undo before anything is done. */
static int arm_guard(struct start *start, struct error *error)
{
    struct kernel *kernel = start->kernel;
    struct state state = {.device = kernel->netns->device, .inode = kernel->netns->inode};
    struct error problem;
    g_strlcpy(state.tag, start->tag, sizeof state.tag);
    if (kernel->netns->name && kernel->netns->name[0])
        g_strlcpy(state.path, kernel->netns->path, sizeof state.path);
    for (size_t i = 0; i < kernel->count; i++) {
        struct state_family *family = &state.families[state.family_count++];
        family->family = kernel->families[i].family;
        g_strlcpy(family->former_logger, kernel->families[i].state.logger, sizeof family->former_logger);
    }
    kernel->state = state;
    int result = guard_arm(kernel->guard, &state, QUICK_MS, &problem, error);
    if (result == 0 && problem.text[0])
        report_note_into(
            kernel->place, start->notes,
            "%s: if recorder, agents and guard are all killed at once, the former loggers cannot be restored",
            problem.text);
    return result;
}

static int64_t now_s(void)
{
    return (int64_t)(clock_realtime_ns() / 1000000000);
}

/* A kernel without xt_time can do without the date. */
static int install_dated(const struct start *start, struct family *family, struct trace_options *options,
                         struct trace_report *ret_report, struct error *error)
{
    options->date_stop = upkeep_begin(&family->upkeep, true, now_s());
    int result = agent_install(family->agent, options, QUICK_MS, ret_report, error);
    if (!upkeep_lacks_date(result, error))
        return result;
    report_note_into(start->kernel->place, start->notes, "the %s TRACE rules have no expiry date: %s",
                     family_name(family), error->text);
    options->date_stop = upkeep_begin(&family->upkeep, false, now_s());
    return agent_install(family->agent, options, QUICK_MS, ret_report, error);
}

static void tell_rules(const struct kernel *kernel, const struct family *family)
{
    g_autofree char *lines = NULL;
    if (report_get_level() < REPORT_VERBOSE || agent_own_text(family->agent, QUICK_MS, &lines, NULL) < 0)
        return;
    g_auto(GStrv) rules = g_strsplit(lines, "\n", -1);
    for (char **rule = rules; *rule && **rule; rule++)
        report_detail_about(kernel->place, "%s TRACE rule: %s", family_name(family), *rule);
}

static int install(const struct start *start, size_t i, struct error *error)
{
    struct kernel *kernel = start->kernel;
    struct family *family = &kernel->families[i];
    const char *limit = start->limit.limits[i] ? start->limit.limit.text : "";
    struct trace_options options = {
        .tag = start->tag,
        .interfaces = (const char *const *)kernel->options->interfaces->pdata,
        .interface_count = kernel->options->interfaces->len - 1,
        .filter = start->filter.instructions,
        .filter_length = start->filter.count,
        .limit = limit[0] ? limit : NULL,
        .limit_burst = start->limit.limit.burst,
    };
    struct trace_report report;
    int result = install_dated(start, family, &options, &report, error);
    if (result < 0)
        return result;
    kernel->order.families[i].raw_created = report.table_created;
    family->upkeep.installed = report.installed;
    g_strlcpy(family->limit, limit, sizeof family->limit);
    if (report.unlocked)
        report_note_about(kernel->place,
                          "/run/xtables.lock cannot be opened here: the %s rules were changed without it",
                          family_name(family));
    tell_rules(kernel, family);
    return 0;
}

/* ---- The order ---- */

static int do_step(struct start *start, struct error *error)
{
    struct kernel *kernel = start->kernel;
    const struct kernel_state *order = &kernel->order;
    struct family *family = &kernel->families[order->family];
    switch (order->step) {
    case KERNEL_LEFTOVERS: /* group 0 is ours, so nobody else records here */
        return leftovers_remove(kernel->netns, true, note_leftover, start, error);
    case KERNEL_READ:
        return read_family(start, family, error);
    case KERNEL_LIMIT:
        choose_limit(start);
        return 0;
    case KERNEL_ARM:
        return arm_guard(start, error);
    case KERNEL_LOGGER:
        return agent_logger_set(family->agent, QUICK_MS, error);
    case KERNEL_RULES:
        return install(start, order->family, error);
    case KERNEL_TABLES:
        return read_raw(start, family, order->families[order->family].raw_created, error);
    case KERNEL_BIND:
        return agent_bind(family->agent, QUICK_MS, error);
    default:
        return 0;
    }
}

static int do_steps(struct start *start, struct error *error)
{
    int result = 0;
    while (result == 0 && start->kernel->order.step < KERNEL_RUNNING) {
        result = do_step(start, error);
        kernel_state_take(&start->kernel->order, result);
    }
    return result;
}

/* ---- What else there is to know ---- */

/* Without a filter, the own SSH session is left out. */
static int make_filter(struct start *start, struct error *error)
{
    const struct options *options = start->kernel->options;
    if (options->filter)
        return filter_compile(options->filter, &start->filter, error);
    if (options->no_install)
        return 0;
    g_autofree char *connection = ssh_session_find();
    g_autofree char *expression = connection ? ssh_session_filter(connection) : NULL;
    if (!expression)
        return 0;
    report_note_into(start->kernel->place, start->notes, "your SSH session is left out by the filter: %s",
                     expression);
    return filter_compile(expression, &start->filter, error);
}

static void note_fragments(const struct start *start)
{
    bool misses[2] = {false, false}; /* IPv4, IPv6 */
    for (size_t i = 0; i < start->kernel->count; i++) {
        unsigned version = family_version(&start->kernel->families[i]);
        misses[version == 6] = filter_needs_transport(&start->filter, version);
    }
    note(start, start_note_on_fragments(misses[0], misses[1]));
}

/* Where nobody can say, anything may be translated: that is what the book takes for granted. */
static void tell_translation(const struct start *start)
{
    struct nftables_translation found;
    struct error error;
    if (nftables_may_translate(start->kernel->netns->fd, &found, &error) < 0) {
        report_detail_about(start->kernel->place, "%s", error.text);
        return;
    }
    rulebook_set_translation(start->pipeline->book, 4, found.ipv4);
    rulebook_set_translation(start->pipeline->book, 6, found.ipv6);
}

int kernel_start(struct kernel *kernel, struct pipeline *pipeline, const char *tag, GString *notes,
                 struct error *error)
{
    struct start start = {
        .kernel = kernel,
        .pipeline = pipeline,
        .tag = tag,
        .before = traffic_observe(kernel->netns),
        .notes = notes,
    };
    tell_translation(&start);
    int result = make_filter(&start, error);
    if (result == 0 && kernel->options->filter)
        note_fragments(&start);
    if (result == 0)
        result = do_steps(&start, error);
    if (result == 0)
        note(&start, start_note_on_firewalls(start.has_legacy_rules, kernel_sees_nftables(kernel)));
    limit_choice_done(&start.limit);
    filter_done(&start.filter);
    return result;
}
