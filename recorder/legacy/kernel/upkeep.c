/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Keeps our rules and loggers in place while a recording runs. */
#include "recorder/legacy/kernel/upkeep.h"

#include "recorder/report/report.h"
#include "recorder/system/clock.h"

#include <errno.h>
#include <string.h>

#define SECOND_NS 1000000000ull

static int64_t now_s(void)
{
    return (int64_t)(clock_realtime_ns() / SECOND_NS);
}

static void journal(const struct kernel *kernel, struct pipeline *pipeline, enum journal_priority priority,
                    const char *event, const char *format, ...) __attribute__((format(printf, 5, 6)));

static void journal(const struct kernel *kernel, struct pipeline *pipeline, enum journal_priority priority,
                    const char *event, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_note_about(kernel->place, "%s", sentence);
    pipeline_add_journal(pipeline, priority, event, sentence);
}

/* ---- What is missing ---- */

static int ask_repair(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                      struct monotonic now, const char *event, const char *what, struct error *error)
{
    journal(kernel, pipeline, JOURNAL_WARNING, event, "%s: packets since then were not recorded", what);
    if (!upkeep_may_repair(&kernel->repairs, now))
        return error_set(error, ECANCELED,
                         "%s again, after %d repairs within a minute: another program keeps interfering, so "
                         "the recording ends here",
                         what, UPKEEP_REPAIRS_MINUTE);
    int result =
        agent_request_repair(family->agent, &family->inbox, upkeep_date(&family->upkeep, now_s()), error);
    if (result == 0)
        upkeep_asked_repair(&family->upkeep);
    return result;
}

static int take_look(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                     const struct ruleset_look *look, struct monotonic now, struct error *error)
{
    g_autofree char *what = NULL;
    bool has_lost;
    enum upkeep_finding finding = upkeep_take_look(&family->upkeep, look, &has_lost);
    if (has_lost)
        assembler_lost(pipeline->assembler);
    switch (finding) {
    case UPKEEP_FINDS_NOTHING:
        return 0;
    case UPKEEP_FINDS_LOGGER:
        what = g_strdup_printf("the %s logger was changed from " LOGGER_NFLOG " to %s", family_name(family),
                               look->logger);
        return ask_repair(kernel, family, pipeline, now, "logger_changed", what, error);
    case UPKEEP_FINDS_REMOVED:
        what = g_strdup_printf("%u of %u %s TRACE rules were removed from table raw",
                               family->upkeep.installed - look->rules, family->upkeep.installed,
                               family_name(family));
        return ask_repair(kernel, family, pipeline, now, "trace_removed", what, error);
    case UPKEEP_FINDS_MOVED:
        journal(kernel, pipeline, JOURNAL_WARNING, "trace_moved",
                "another %s rule now stands before our TRACE rules in table raw: packets that do not get "
                "past it are not recorded",
                family_name(family));
        return 0;
    }
    return 0;
}

/* ---- Answers ---- */

static int take_repair(const struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                       const struct agent_reply *reply, struct error *error)
{
    upkeep_take_repair(&family->upkeep, reply->result, reply->trace.installed, now_s());
    if (reply->result == -EBUSY) /* somebody has the lock: the next look asks again */
        return 0;
    if (reply->result < 0) {
        if (error)
            *error = reply->error;
        return reply->result;
    }
    journal(kernel, pipeline, JOURNAL_NOTICE, "trace_reinstalled",
            "the %s logger and TRACE rules are in place again", family_name(family));
    return 0;
}

static void take_renewal(const struct kernel *kernel, struct family *family, const struct agent_reply *reply)
{
    upkeep_take_renewal(&family->upkeep, reply->result, now_s());
    if (reply->result == 0)
        report_detail_about(kernel->place, "renewed the expiry date of the %s TRACE rules",
                            family_name(family));
    else
        report_detail_about(kernel->place, "%s", reply->error.text);
}

static int take_reply(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                      const struct agent_reply *reply, struct monotonic now, struct error *error)
{
    switch (reply->kind) {
    case AGENT_REPLY_LOOK:
        if (reply->result == 0)
            return take_look(kernel, family, pipeline, &reply->look, now, error);
        upkeep_fail_look(&family->upkeep);
        return 0;
    case AGENT_REPLY_RENEW:
        take_renewal(kernel, family, reply);
        return 0;
    case AGENT_REPLY_REPAIR:
        return take_repair(kernel, family, pipeline, reply, error);
    default:
        return 0;
    }
}

static int take_replies(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                        struct monotonic now, struct error *error)
{
    for (;;) {
        struct agent_reply reply;
        int result = agent_receive(family->agent, &family->inbox, &reply, error);
        if (result == -EAGAIN)
            return 0;
        if (result == 0) {
            result = take_reply(kernel, family, pipeline, &reply, now, error);
            agent_reply_done(&reply);
        }
        if (result < 0)
            return result;
    }
}

/* ---- What is due ---- */

static int renew(const struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                 struct error *error)
{
    int64_t now = now_s();
    if (upkeep_has_expired(&family->upkeep, now)) {
        assembler_lost(pipeline->assembler);
        journal(kernel, pipeline, JOURNAL_WARNING, "trace_expired",
                "the %s TRACE rules had expired, because the machine slept or its clock was set: packets "
                "since then were not recorded",
                family_name(family));
    }
    int result = agent_request_renew(family->agent, &family->inbox, upkeep_date(&family->upkeep, now), error);
    if (result == 0) {
        watch_forgive(kernel->watch, 1);
        upkeep_asked_renewal(&family->upkeep, now);
    }
    return result == -EAGAIN ? 0 : result;
}

static int look(struct family *family, struct error *error)
{
    int result = agent_request_look(family->agent, &family->inbox, error);
    if (result == 0)
        upkeep_asked_look(&family->upkeep);
    return result == -EAGAIN ? 0 : result;
}

static int do_what_is_due(const struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                          struct error *error)
{
    switch (upkeep_wish(&family->upkeep, now_s())) {
    case UPKEEP_WANTS_NOTHING:
        return 0;
    case UPKEEP_WANTS_LOOK:
        return look(family, error);
    case UPKEEP_WANTS_RENEWAL:
        return renew(kernel, family, pipeline, error);
    }
    return 0;
}

int upkeep_look(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error)
{
    if (kernel->guard && !guard_is_alive(kernel->guard))
        return error_set(error, ECANCELED,
                         "the guard, process %ld, was killed: without it rules could be left behind, so the "
                         "recording ends here",
                         (long)guard_pid(kernel->guard));
    for (size_t i = 0; i < kernel->count; i++) {
        struct family *family = &kernel->families[i];
        int result = take_replies(kernel, family, pipeline, now, error);
        if (result == 0)
            result = do_what_is_due(kernel, family, pipeline, error);
        if (result < 0)
            return result;
    }
    return 0;
}
