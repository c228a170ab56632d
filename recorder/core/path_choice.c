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

static bool same_history(const struct path_entry *a, const struct path_entry *b)
{
    if (message_log_count(a->log) != message_log_count(b->log))
        return false;
    for (size_t i = message_log_count(a->log); i > 0; i--) {
        const struct annotation *x = message_log_annotation(a->log, i - 1);
        const struct annotation *y = message_log_annotation(b->log, i - 1);
        if (!spot_equal(x->spot, y->spot) || x->number != y->number || x->meaning.chain != y->meaning.chain)
            return false;
    }
    return true;
}

struct path_entry *path_choose(struct path_entry *list, const struct arrival *arrival, bool loose,
                               enum fit *ret_fit, bool *ret_ambiguous)
{
    struct path_entry *best = NULL;
    enum fit best_fit = FIT_NONE;
    unsigned best_likeness = 0;
    bool ambiguous = false;
    for (struct path_entry *path = list; path; path = path->next_same_key) {
        enum fit fit = path_fit(path, arrival);
        if (fit == FIT_NONE || (fit == FIT_LOOSE) != loose)
            continue;
        unsigned score = likeness(path, arrival);
        if (best && score == best_likeness) {
            ambiguous = ambiguous || !same_history(best, path);
            if (path->first_number > best->first_number)
                continue;
        } else if (best && score < best_likeness) {
            continue;
        } else {
            ambiguous = false;
        }
        best = path;
        best_fit = fit;
        best_likeness = score;
    }
    if (best) {
        *ret_fit = best_fit;
        *ret_ambiguous = ambiguous;
    }
    return best;
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
