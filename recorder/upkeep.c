/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps our rules and loggers in place while a recording runs. */
#include "recorder/upkeep.h"

#include "recorder/report.h"

#include <errno.h>
#include <string.h>

#define SECOND_NS 1000000000ull
#define MINUTE_NS (60 * SECOND_NS)

int64_t upkeep_life_s(bool is_shared)
{
    return is_shared ? UPKEEP_LIFE_SHARED_S : UPKEEP_LIFE_S;
}

bool upkeep_is_due(int64_t date_stop, int64_t life_s, int64_t now_s)
{
    return date_stop - now_s <= life_s / 2 || date_stop - now_s > life_s + 1;
}

static int64_t now_s(void)
{
    return (int64_t)(clock_realtime_ns() / SECOND_NS);
}

static void journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                    const char *format, ...) __attribute__((format(printf, 4, 5)));

static void journal(struct pipeline *pipeline, enum journal_priority priority, const char *event,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    report_note("%s", sentence);
    pipeline_add_journal(pipeline, priority, event, sentence);
}

/* ---- What is missing ---- */

/* Too often: whoever does this does not want us here, and a capture with holes must not look whole. */
static int count_repair(struct kernel *kernel, uint64_t now_ns, const char *what, struct error *error)
{
    if (kernel->repairs == 0 || now_ns - kernel->repairs_since_ns > MINUTE_NS) {
        kernel->repairs = 0;
        kernel->repairs_since_ns = now_ns;
    }
    if (++kernel->repairs <= UPKEEP_REPAIRS_MINUTE)
        return 0;
    return error_set(error, ECANCELED,
                     "%s once more, after %d repairs within a minute: another program does not let this "
                     "recording be, so it ends here",
                     what, UPKEEP_REPAIRS_MINUTE);
}

static int ask_repair(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                      uint64_t now_ns, const char *event, const char *what, struct error *error)
{
    if (family->is_whole)
        assembler_lost(pipeline->assembler);
    family->is_whole = false;
    journal(pipeline, JOURNAL_WARNING, event, "%s: packets since then were not recorded", what);
    int result = count_repair(kernel, now_ns, what, error);
    if (result == 0)
        result = agent_request_repair(family->agent, family->dated ? now_s() + family->life_s : 0, error);
    family->asked_change = result == 0;
    return result;
}

static int take_look(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                     const struct ruleset_look *look, uint64_t now_ns, struct error *error)
{
    g_autofree char *what = NULL;
    if (look->logger[0] && strcmp(look->logger, LOGGER_NFLOG) != 0) {
        what = g_strdup_printf("the %s logger was changed from " LOGGER_NFLOG " to %s", family_name(family),
                               look->logger);
        return ask_repair(kernel, family, pipeline, now_ns, "logger_changed", what, error);
    }
    if (look->rules < family->installed) {
        what = g_strdup_printf("%u of %u %s TRACE rules were removed from table raw",
                               family->installed - look->rules, family->installed, family_name(family));
        return ask_repair(kernel, family, pipeline, now_ns, "trace_removed", what, error);
    }
    family->is_whole = true;
    if (family->installed > 0 && look->behind && !family->is_behind) {
        /* The user's choice: said and not fought over. */
        journal(pipeline, JOURNAL_WARNING, "trace_moved",
                "another %s rule now stands before our TRACE rules in table raw: packets that it ends are "
                "not recorded",
                family_name(family));
    }
    family->is_behind = look->behind;
    return 0;
}

/* ---- Answers ---- */

static int take_repair(struct family *family, struct pipeline *pipeline, const struct agent_reply *reply,
                       struct error *error)
{
    family->asked_change = false;
    if (reply->result == -EBUSY) /* somebody has the lock: the next look asks again */
        return 0;
    if (reply->result < 0) {
        if (error)
            *error = reply->error;
        return reply->result;
    }
    if (family->dated)
        family->date_stop = now_s() + family->life_s;
    if (reply->trace.installed > 0)
        family->installed = reply->trace.installed;
    journal(pipeline, JOURNAL_NOTICE, "trace_reinstalled", "the %s logger and TRACE rules are in place again",
            family_name(family));
    return 0;
}

/* Where the rules are gone the next look finds it. A lock that somebody holds is a reason to try again. */
static void take_renewal(struct family *family, const struct agent_reply *reply)
{
    family->asked_change = false;
    if (reply->result == 0)
        report_detail("renewed the date of the %s TRACE rules", family_name(family));
    else
        report_detail("%s", reply->error.text);
    if (reply->result < 0)
        family->date_stop = now_s() + MIN(family->life_s / 2 + 10, family->life_s);
}

static int take_reply(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                      const struct agent_reply *reply, uint64_t now_ns, struct error *error)
{
    switch (reply->kind) {
    case AGENT_REPLY_LOOK:
        family->asked_look = false;
        if (reply->result < 0 || family->asked_change)
            return 0;
        return take_look(kernel, family, pipeline, &reply->look, now_ns, error);
    case AGENT_REPLY_RENEW:
        take_renewal(family, reply);
        return 0;
    case AGENT_REPLY_REPAIR:
        return take_repair(family, pipeline, reply, error);
    default:
        return 0;
    }
}

static int take_replies(struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                        uint64_t now_ns, struct error *error)
{
    for (;;) {
        struct agent_reply reply;
        int result = agent_receive_upkeep(family->agent, &reply, error);
        if (result == -EAGAIN)
            return 0;
        if (result == 0) {
            result = take_reply(kernel, family, pipeline, &reply, now_ns, error);
            agent_reply_done(&reply);
        }
        if (result < 0)
            return result;
    }
}

/* ---- The tick ---- */

/* A date that has passed, while the machine slept or its clock was set, was a time without a rule. */
static int renew(const struct kernel *kernel, struct family *family, struct pipeline *pipeline,
                 struct error *error)
{
    int64_t now = now_s();
    if (!family->dated || family->asked_change || family->installed == 0 ||
        !upkeep_is_due(family->date_stop, family->life_s, now))
        return 0;
    if (now >= family->date_stop) {
        assembler_lost(pipeline->assembler);
        journal(
            pipeline, JOURNAL_WARNING, "trace_expired",
            "the %s TRACE rules had passed their date, for the machine slept or its clock was set: packets "
            "since then were not recorded",
            family_name(family));
    }
    int result = agent_request_renew(family->agent, now + family->life_s, error);
    if (result == 0) {
        watch_forgive(kernel->watch, 1);
        family->asked_change = true;
        family->date_stop = now + family->life_s;
    }
    return result == -EAGAIN ? 0 : result;
}

static int look(struct family *family, struct error *error)
{
    if (family->asked_look || family->asked_change)
        return 0;
    int result = agent_request_look(family->agent, error);
    family->asked_look = result == 0;
    return result == -EAGAIN ? 0 : result;
}

int upkeep_tick(struct kernel *kernel, struct pipeline *pipeline, uint64_t now_ns, struct error *error)
{
    if (kernel->stopping || now_ns - kernel->looked_ns < UPKEEP_LOOK_NS)
        return 0;
    kernel->looked_ns = now_ns;
    if (kernel->guard && !guard_is_alive(kernel->guard))
        return error_set(error, ECANCELED,
                         "the guard, process %ld, was killed: without it rules could be left behind, so this "
                         "recording ends here",
                         (long)guard_pid(kernel->guard));
    for (size_t i = 0; i < kernel->count; i++) {
        struct family *family = &kernel->families[i];
        int result = take_replies(kernel, family, pipeline, now_ns, error);
        if (result == 0)
            result = renew(kernel, family, pipeline, error);
        if (result == 0)
            result = look(family, error);
        if (result < 0)
            return result;
    }
    return 0;
}
