/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which path a message belongs to, although nothing in it says so. */
#include "recorder/core/path.h"

#include <string.h>

static bool devices_equal(const struct devices *a, const struct devices *b)
{
    return a->in == b->in && a->out == b->out && a->physin == b->physin && a->physout == b->physout;
}

/* A visit begins in the built-in chain of its hook. */
static bool begins_visit(const struct arrival *arrival)
{
    const char *name = hook_name(arrival->annotation.spot.hook);
    return bytes_equal(arrival->chain, (struct bytes){(const uint8_t *)name, strlen(name)});
}

static bool visit_is_known(const struct visit *visit)
{
    return visit->known || visit->state == VISIT_ACCEPTED;
}

/* The first message of a later table. */
static enum fit fit_later(const struct path_entry *path, const struct arrival *arrival)
{
    struct spot from = path->visit.spot, to = arrival->annotation.spot;
    if (!spot_is_later(from, to))
        return FIT_NONE;
    bool can_have_left = path->visit.state != VISIT_INSIDE || !visit_is_known(&path->visit);
    bool nothing_missing = arrival->tables_known ? spot_follows(from, to, arrival->exist) : true;
    return begins_visit(arrival) && can_have_left && nothing_missing ? FIT_NEXT : FIT_LOOSE;
}

enum fit path_fit(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
    if (path->state == PATH_CLOSED || path->family != arrival->family || visit->state == VISIT_DROPPED)
        return FIT_NONE;
    if (!spot_equal(visit->spot, arrival->annotation.spot))
        return fit_later(path, arrival);
    if (!devices_equal(&path->devices, &arrival->devices))
        return FIT_NONE;
    if (visit->state == VISIT_QUEUED)
        return begins_visit(arrival) ? FIT_REPEATED : FIT_LOOSE;
    if (visit->state == VISIT_ACCEPTED)
        return FIT_NONE;
    if (visit_allows(visit, &arrival->annotation.meaning, arrival->annotation.number))
        return visit->known && arrival->annotation.meaning.kind != MEANING_UNKNOWN ? FIT_INSIDE : FIT_NEXT;
    return FIT_LOOSE;
}

/* Higher is better, compared from the left: the kernel's time, destination, interfaces, TTL, mark. */
static unsigned likeness(const struct path_entry *path, const struct arrival *arrival)
{
    const struct marks *a = &path->marks, *b = &arrival->marks;
    unsigned score = 0;
    score |= (path->same_time && a->has_time && b->has_time && a->time_us == b->time_us) << 4;
    score |= (a->dst_length == b->dst_length && memcmp(a->dst, b->dst, a->dst_length) == 0) << 3;
    score |= (path->devices.in == arrival->devices.in || path->devices.out == arrival->devices.out) << 2;
    score |= (a->ttl == b->ttl) << 1;
    score |= a->mark == b->mark;
    return score;
}

/* Each path that the message fits to as well as to the best. */
static void mark_equals(struct path_entry *list, struct path_entry *best, const struct arrival *arrival,
                        bool loose, unsigned best_likeness)
{
    for (struct path_entry *path = list; path; path = path->next_same_key) {
        enum fit fit = path_fit(path, arrival);
        if (fit != FIT_NONE && (fit == FIT_LOOSE) == loose && path->history != best->history &&
            likeness(path, arrival) == best_likeness)
            path->ambiguous = best->ambiguous = true;
    }
}

struct path_entry *path_choose(struct path_entry *list, const struct arrival *arrival, bool loose,
                               enum fit *ret_fit)
{
    struct path_entry *best = NULL;
    unsigned best_likeness = 0;
    bool ambiguous = false;
    for (struct path_entry *path = list; path; path = path->next_same_key) {
        enum fit fit = path_fit(path, arrival);
        if (fit == FIT_NONE || (fit == FIT_LOOSE) != loose)
            continue;
        unsigned score = likeness(path, arrival);
        if (best && score < best_likeness)
            continue;
        if (best && score == best_likeness) {
            ambiguous = ambiguous || best->history != path->history;
            if (path->first_number > best->first_number)
                continue;
        } else {
            ambiguous = false;
        }
        best = path;
        best_likeness = score;
        *ret_fit = fit;
    }
    if (ambiguous)
        mark_equals(list, best, arrival, loose, best_likeness);
    return best;
}

/* The message could be a later one of the table's visit of `path`, in the place of the one that it has. */
static bool has_said_later(const struct path_entry *path, const struct arrival *arrival)
{
    const struct annotation *new = &arrival->annotation;
    for (size_t i = 0; i < message_log_count(path->log); i++) {
        const struct annotation *said = message_log_annotation(path->log, i);
        if (!spot_equal(said->spot, new->spot))
            return false;
        if (i > 0 && said->number == new->number && said->meaning.chain == new->meaning.chain)
            return true;
    }
    return false;
}

void path_mark_mistakable(struct path_entry *list, struct path_entry *begun, const struct arrival *arrival)
{
    for (struct path_entry *path = list; path; path = path->next_same_key)
        if (path != begun && has_said_later(path, arrival))
            path->ambiguous = begun->ambiguous = true;
}

struct path_entry *path_choose_origin(struct path_entry *list, const struct arrival *arrival)
{
    enum hook hook = arrival->annotation.spot.hook;
    if (hook == HOOK_PREROUTING || hook == HOOK_OUTPUT || !begins_visit(arrival))
        return NULL;
    struct path_entry *best = NULL;
    for (struct path_entry *path = list; path; path = path->next_same_key) {
        bool was_there = path->family == arrival->family && path->hook_begin[hook] > 1 && !path->cut;
        if (was_there && (!best || path->first_number > best->first_number))
            best = path;
    }
    return best;
}
