/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether a family's own rules and logger are in place, and what is due. */
#include "recorder/legacy/kernel/upkeep_state.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "recorder/legacy/agent/logger.h"

#define MINUTE_NS 60000000000ull

int64_t upkeep_life_s(bool is_shared)
{
    return is_shared ? upkeep_life.shared_s : upkeep_life.own_s;
}

int64_t upkeep_date(const struct upkeep *upkeep, int64_t now_s)
{
    return upkeep->dated ? now_s + upkeep->life_s : 0;
}

int64_t upkeep_begin(struct upkeep *upkeep, bool dated, int64_t now_s)
{
    upkeep->dated = dated;
    return upkeep->date_stop = upkeep_date(upkeep, now_s);
}

bool upkeep_lacks_date(int result, const struct error *error)
{
    return result == -EPROTONOSUPPORT && strstr(error->text, "match time") != NULL;
}

static bool renewal_is_due(const struct upkeep *upkeep, int64_t now_s)
{
    int64_t left_s = upkeep->date_stop - now_s;
    return upkeep->dated && upkeep->installed > 0 &&
           (left_s <= upkeep->life_s / 2 || left_s > upkeep->life_s + 1);
}

enum upkeep_wish upkeep_wish(const struct upkeep *upkeep, int64_t now_s)
{
    if (upkeep->asked_change)
        return UPKEEP_WANTS_NOTHING;
    if (renewal_is_due(upkeep, now_s))
        return UPKEEP_WANTS_RENEWAL;
    return upkeep->asked_look ? UPKEEP_WANTS_NOTHING : UPKEEP_WANTS_LOOK;
}

bool upkeep_has_expired(const struct upkeep *upkeep, int64_t now_s)
{
    return upkeep->dated && now_s >= upkeep->date_stop;
}

void upkeep_asked_look(struct upkeep *upkeep)
{
    upkeep->asked_look = true;
}

void upkeep_asked_renewal(struct upkeep *upkeep, int64_t now_s)
{
    upkeep->asked_change = true;
    upkeep->date_stop = upkeep_date(upkeep, now_s);
}

void upkeep_asked_repair(struct upkeep *upkeep)
{
    upkeep->asked_change = true;
}

static enum upkeep_finding find(const struct upkeep *upkeep, const struct ruleset_look *look)
{
    if (look->logger[0] && strcmp(look->logger, LOGGER_NFLOG) != 0)
        return UPKEEP_FINDS_LOGGER;
    if (look->rules < upkeep->installed)
        return UPKEEP_FINDS_REMOVED;
    return upkeep->installed > 0 && look->behind && !upkeep->is_behind ? UPKEEP_FINDS_MOVED
                                                                       : UPKEEP_FINDS_NOTHING;
}

enum upkeep_finding upkeep_take_look(struct upkeep *upkeep, const struct ruleset_look *look, bool *ret_lost)
{
    *ret_lost = false;
    upkeep->asked_look = false;
    /* What was seen while a change was under way is of before or after it. */
    if (upkeep->asked_change)
        return UPKEEP_FINDS_NOTHING;
    enum upkeep_finding finding = find(upkeep, look);
    bool is_whole = finding == UPKEEP_FINDS_NOTHING || finding == UPKEEP_FINDS_MOVED;
    *ret_lost = upkeep->is_whole && !is_whole;
    upkeep->is_whole = is_whole;
    if (is_whole)
        upkeep->is_behind = look->behind;
    return finding;
}

void upkeep_fail_look(struct upkeep *upkeep)
{
    upkeep->asked_look = false;
}

/* Where the rules are gone the next look finds it. */
void upkeep_take_renewal(struct upkeep *upkeep, int result, int64_t now_s)
{
    upkeep->asked_change = false;
    if (result < 0)
        upkeep->date_stop = now_s + MIN(upkeep->life_s / 2 + 10, upkeep->life_s);
}

void upkeep_take_repair(struct upkeep *upkeep, int result, uint32_t installed, int64_t now_s)
{
    upkeep->asked_change = false;
    if (result < 0)
        return;
    if (upkeep->dated)
        upkeep->date_stop = upkeep_date(upkeep, now_s);
    if (installed > 0)
        upkeep->installed = installed;
}

bool upkeep_may_repair(struct upkeep_repairs *repairs, struct monotonic now)
{
    if (repairs->count == 0 || monotonic_since(now, repairs->since) > MINUTE_NS)
        *repairs = (struct upkeep_repairs){.since = now};
    return ++repairs->count <= UPKEEP_REPAIRS_MINUTE;
}
