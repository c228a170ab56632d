/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Watches the rules: passes the requests of rule_watch.c to the agents, and applies what it finds to the
 * rulebook and the paths. */
#include "recorder/legacy/kernel/watch.h"

#include "recorder/core/ownership.h"
#include "recorder/legacy/kernel/lock_watch.h"
#include "recorder/legacy/kernel/put_text.h"
#include "recorder/legacy/walk/ruleset_diff.h"
#include "recorder/report/report.h"
#include "recorder/system/audit.h"
#include "recorder/system/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define DIFF_LINES_MAX 100

struct family_watch {
    struct agent *agent;
    enum ip_family family;
    struct agent_inbox inbox;
    struct rule_watch rules;
    GPtrArray *texts;    /* of struct table_text: those read since the last look that found others */
    struct interval own; /* when our own rules went out; {0}: not yet */
};

struct watch {
    struct pipeline *pipeline;
    const char *place; /* report.h */
    struct lock_watch lock;
    int audit; /* audit_open() */
    size_t count;
    struct family_watch families[WATCH_FAMILIES_MAX];
};

static struct moment now(void)
{
    return (struct moment){clock_monotonic(), clock_realtime_ns()};
}

static void text_free(gpointer pointer)
{
    table_text_done(pointer);
    g_free(pointer);
}

int watch_open(struct watch **ret_watch, struct pipeline *pipeline, const char *place, struct error *error)
{
    struct watch *watch = g_new0(struct watch, 1);
    watch->pipeline = pipeline;
    watch->place = place;
    int result = lock_watch_open(&watch->lock, place, clock_realtime_ns(), error);
    if (result < 0) {
        g_free(watch);
        return result;
    }
    watch->audit = audit_open();
    *ret_watch = watch;
    return 0;
}

void watch_add_lock(struct watch *watch, const char *path)
{
    lock_watch_add(&watch->lock, path);
}

void watch_add(struct watch *watch, struct agent *agent, const struct ruleset_state *state,
               struct moment read, bool reads_all)
{
    struct family_watch *family = &watch->families[watch->count++];
    *family = (struct family_watch){
        .agent = agent,
        .family = agent_family(agent),
        .texts = g_ptr_array_new_with_free_func(text_free),
    };
    rule_watch_init(&family->rules, state, read, reads_all);
}

bool watch_is_reading(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->families[i].rules.is_first)
            return true;
    return false;
}

static bool packets_wait(const struct watch *watch, const struct family_watch *family)
{
    return assembler_waits(watch->pipeline->assembler, family->family);
}

bool watch_is_sure(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (packets_wait(watch, &watch->families[i]) ||
            rulebook_suspect_since(watch->pipeline->book, watch->families[i].family) != 0)
            return false;
    return true;
}

struct monotonic watch_due(const struct watch *watch)
{
    struct monotonic due = MONOTONIC_NEVER;
    for (size_t i = 0; i < watch->count; i++) {
        const struct family_watch *family = &watch->families[i];
        due = monotonic_earlier(due, rule_watch_due(&family->rules, packets_wait(watch, family)));
    }
    return due;
}

void watch_hurry(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        rule_watch_hurry(&watch->families[i].rules);
}

void watch_note_removal(struct watch *watch, struct interval removal)
{
    for (size_t i = 0; i < watch->count; i++)
        watch->families[i].own = removal;
}

size_t watch_fds(const struct watch *watch, struct pollfd fds[static WATCH_FDS_MAX])
{
    size_t count = 0;
    fds[count++] = (struct pollfd){.fd = watch->lock.fd, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = watch->audit, .events = POLLIN};
    for (size_t i = 0; i < watch->count && count < WATCH_FDS_MAX; i++)
        fds[count++] = (struct pollfd){.fd = agent_fd(watch->families[i].agent), .events = POLLIN};
    return count;
}

/* ---- What the file says of it ---- */

/* "04:12:07.123456", in UTC. */
static void format_time(uint64_t time_ns, char ret_text[static 32])
{
    time_t seconds = (time_t)(time_ns / 1000000000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(ret_text, 24, "%H:%M:%S", &utc);
    snprintf(ret_text + length, 32 - length, ".%06u", (unsigned)(time_ns % 1000000000 / 1000));
}

/* Packets that could not wait for the look that would have confirmed their rules. `change`: the look found
 * that the rules had changed since then; null: there was no such look. */
static void tell_unconfirmed(struct watch *watch, const struct family_watch *family,
                             const struct interval *change)
{
    struct assembler_unconfirmed unconfirmed =
        assembler_take_unconfirmed(watch->pipeline->assembler, family->family);
    if (unconfirmed.paths == 0 || (change && unconfirmed.to_ns < change->from_ns))
        return;
    char from[32], to[32];
    format_time(change ? MAX(unconfirmed.from_ns, change->from_ns) : unconfirmed.from_ns, from);
    format_time(change ? MIN(unconfirmed.to_ns, change->to_ns) : unconfirmed.to_ns, to);
    g_autofree char *message =
        change
            ? g_strdup_printf("From %s to %s UTC the IPv%u rules are in doubt: they changed around then, and "
                              "packets had been written before this was noticed; their steps are not marked",
                              from, to, family->family)
            : g_strdup_printf("From %s to %s UTC the IPv%u rules were not confirmed: packets from that time "
                              "were written before another look at the rules",
                              from, to, family->family);
    report_note_about(watch->place, "%s", message);
    pipeline_add_journal(watch->pipeline, JOURNAL_WARNING, change ? "rules_in_doubt" : "rules_not_confirmed",
                         message);
}

static void tell_change(struct watch *watch, const struct family_watch *family, const char *table,
                        const struct ruleset *before, const struct ruleset *after)
{
    g_autofree char *message = NULL;
    if (before) {
        struct ruleset_diff diff;
        ruleset_diff_make(before, after, DIFF_LINES_MAX, &diff);
        message = g_strdup_printf("Rules of %s (IPv%u) changed: %zu lines added, %zu removed\n%s", table,
                                  family->family, diff.added, diff.removed, diff.lines->str);
        ruleset_diff_done(&diff);
    } else {
        message = g_strdup_printf("Table %s (IPv%u) appeared", table, family->family);
    }
    report_detail_about(watch->place, "rules of %s (IPv%u) changed", table, family->family);
    pipeline_add_journal(watch->pipeline, JOURNAL_NOTICE, "rules_changed", message);
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; i < watch->count; i++) {
        agent_inbox_done(&watch->families[i].inbox);
        g_ptr_array_unref(watch->families[i].texts);
    }
    lock_watch_close(&watch->lock);
    cleanup_close(&watch->audit);
    g_free(watch);
}

void watch_finish(struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        tell_unconfirmed(watch, &watch->families[i], NULL);
}

/* ---- The lock ---- */

/* What happened may have changed all rules since the turn before. */
static void take_lock_events(struct watch *watch)
{
    uint64_t before_ns = watch->lock.turned_ns;
    if (lock_watch_turn(&watch->lock, clock_realtime_ns()) == 0)
        return;
    const struct lock_state state = {watch->lock.openings, watch->lock.holders, watch->lock.closed_ns};
    for (size_t i = 0; i < watch->count; i++) {
        struct family_watch *family = &watch->families[i];
        rule_watch_take_lock(&family->rules, &state, before_ns);
        rulebook_suspect(watch->pipeline->book, family->family, family->rules.signed_ns);
    }
}

/* It comes a little after the table was replaced, and may be of another network namespace. */
static void take_audit(struct watch *watch)
{
    struct audit_change change;
    while (audit_next(watch->audit, &change)) {
        for (size_t i = 0; i < watch->count; i++) {
            struct family_watch *family = &watch->families[i];
            if (family->family != change.family || change.pid == agent_pid(family->agent))
                continue;
            rule_watch_take_sign(&family->rules);
            rulebook_suspect(watch->pipeline->book, family->family, family->rules.signed_ns);
        }
    }
}

void watch_forgive(struct watch *watch, unsigned own_locks)
{
    lock_watch_forgive(&watch->lock, own_locks);
    for (size_t i = 0; i < watch->count; i++)
        watch->families[i].rules.lock.openings = watch->lock.openings;
}

/* ---- What was found ---- */

/* After this the book is right, as far as anything is known. What came later is still to be confirmed. */
static void settle(struct watch *watch, struct family_watch *family, uint64_t since_ns)
{
    struct pipeline *pipeline = watch->pipeline;
    const struct rule_watch *rules = &family->rules;
    if (rules->has_doubt) {
        rulebook_doubt(pipeline->book, family->family, rules->doubt.from_ns, rules->doubt.to_ns);
        since_ns = MIN(since_ns, rules->doubt.from_ns);
    }
    rulebook_settle(pipeline->book, family->family, rules->verified_ns);
    assembler_rules_settled(pipeline->assembler, family->family, since_ns);
    if (rules->signed_ns != 0)
        rulebook_suspect(pipeline->book, family->family, rules->signed_ns);
    assembler_rules_confirmed(pipeline->assembler, family->family, rules->mark);
}

static void take_same(struct watch *watch, struct family_watch *family)
{
    settle(watch, family, UINT64_MAX);
    if (family->rules.had_others) /* changed, and changed back */
        tell_unconfirmed(watch, family, &family->rules.doubt);
    /* Else what has gone before the look was right all the same. */
    assembler_take_unconfirmed(watch->pipeline->assembler, family->family);
}

static int take_over_text(struct watch *watch, const struct family_watch *family,
                          const struct table_text *text, const struct interval *change, struct error *error)
{
    struct rulebook *book = watch->pipeline->book;
    const struct rule_watch *rules = &family->rules;
    enum table table = table_of_name((struct bytes){(const uint8_t *)text->table, strlen(text->table)});
    struct ruleset *before = rulebook_get(book, family->family, table);
    if (before)
        ruleset_ref(before);
    bool is_own = family->own.to_ns != 0 && rule_watch_changed_own(rules, text->table);
    int result = put_table_text(watch->pipeline, family->family, text, change->to_ns,
                                is_own ? &family->own : change, error);
    const struct ruleset *after = rulebook_get(book, family->family, table);
    bool is_first = rules->former.table_count == 0;
    if (result == 0 && after && (before ? !ruleset_same_text(before, after) : !is_first))
        tell_change(watch, family, text->table, before, after);
    if (result == 0 && after && !before && rules->has_moved)
        rulebook_forget(book, family->family, table, change->to_ns);
    ruleset_unref(before);
    return result;
}

static int take_change(struct watch *watch, struct family_watch *family, bool is_unrest, struct error *error)
{
    struct rulebook *book = watch->pipeline->book;
    const struct rule_watch *rules = &family->rules;
    const struct interval change = rules->change;
    for (guint i = 0; i < family->texts->len; i++) {
        int result = take_over_text(watch, family, g_ptr_array_index(family->texts, i), &change, error);
        if (result < 0)
            return result;
    }
    g_ptr_array_set_size(family->texts, 0);
    if (is_unrest)
        rulebook_doubt(book, family->family, change.from_ns, change.to_ns);
    rulebook_set_tables(book, family->family, ruleset_state_tables(&rules->seen),
                        rulebook_own_tables(book, family->family));
    settle(watch, family, change.from_ns);
    tell_unconfirmed(watch, family, &change);
    return 0;
}

static int take_found(struct watch *watch, struct family_watch *family, enum rule_watch_found found,
                      struct error *error)
{
    switch (found) {
    case RULE_WATCH_FOUND_NOTHING:
        return 0;
    case RULE_WATCH_FOUND_SIGN:
        rulebook_suspect(watch->pipeline->book, family->family, family->rules.signed_ns);
        return 0;
    case RULE_WATCH_FOUND_SAME:
        take_same(watch, family);
        return 0;
    case RULE_WATCH_FOUND_CHANGE:
    case RULE_WATCH_FOUND_UNREST:
        return take_change(watch, family, found == RULE_WATCH_FOUND_UNREST, error);
    }
    return 0;
}

/* ---- Asking and answers ---- */

static void take_text(struct family_watch *family, struct agent_reply *reply)
{
    /* A table that was read again is as it was read last. */
    for (guint i = family->texts->len; i-- > 0;) {
        const struct table_text *older = g_ptr_array_index(family->texts, i);
        if (strcmp(older->table, reply->text.table) == 0)
            g_ptr_array_remove_index(family->texts, i);
    }
    struct table_text *text = g_new(struct table_text, 1);
    *text = reply->text;
    reply->text = (struct table_text){0};
    g_ptr_array_add(family->texts, text);
    rule_watch_take_text(&family->rules, text->table, text->hash);
}

static int take_reply(struct watch *watch, struct family_watch *family, struct agent_reply *reply,
                      struct error *error)
{
    if (reply->result < 0) {
        report_detail_about(watch->place, "%s", reply->error.text);
        g_ptr_array_set_size(family->texts, 0);
        rule_watch_take_failure(&family->rules, now());
        return 0;
    }
    if (reply->kind == AGENT_REPLY_TEXT) {
        if (family->rules.phase == RULE_WATCH_TEXTS)
            take_text(family, reply);
        return 0;
    }
    /* Whoever had the lock before the kernel gave this answer has been seen by now. */
    take_lock_events(watch);
    return take_found(watch, family, rule_watch_take_state(&family->rules, &reply->state, now()), error);
}

static int ask_for_texts(struct family_watch *family, struct error *error)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < family->rules.seen.table_count; i++)
        if (family->rules.wanted >> i & 1)
            result =
                agent_request_text(family->agent, &family->inbox, family->rules.seen.tables[i].name, error);
    return result;
}

static int ask(struct watch *watch, struct family_watch *family, struct error *error)
{
    struct moment at = now();
    enum rule_watch_wish wish = rule_watch_wish(&family->rules, at, packets_wait(watch, family));
    int result = 0;
    if (wish == RULE_WATCH_WANTS_TEXTS)
        result = ask_for_texts(family, error);
    else if (wish != RULE_WATCH_WANTS_NOTHING)
        result = agent_request_state(family->agent, &family->inbox, wish == RULE_WATCH_WANTS_ENTRIES, error);
    if (result == -EAGAIN)
        return 0;
    if (result == 0)
        rule_watch_asked(&family->rules, wish, at, assembler_mark(watch->pipeline->assembler));
    return result;
}

static int turn_family(struct watch *watch, struct family_watch *family, struct error *error)
{
    struct agent_reply reply;
    int result;
    while ((result = agent_receive(family->agent, &family->inbox, &reply, error)) == 0) {
        result = take_reply(watch, family, &reply, error);
        agent_reply_done(&reply);
        if (result < 0)
            return result;
    }
    return result == -EAGAIN ? ask(watch, family, error) : result;
}

int watch_turn(struct watch *watch, struct error *error)
{
    take_lock_events(watch);
    take_audit(watch);
    for (size_t i = 0; i < watch->count; i++) {
        int result = turn_family(watch, &watch->families[i], error);
        if (result < 0)
            return result;
    }
    return 0;
}
