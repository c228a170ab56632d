/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which path a message belongs to, although nothing in it says so. */
#include "recorder/legacy/walk/path.h"

#include <string.h>

/* The number of paths of a key that are examined. Of packets that look the same, only about as many as there
 * are CPUs (and packets inside packets) are under way at a time; if there are more, they have ended, and wait
 * for their end to be known. */
#define CANDIDATES_MAX 64

/* Goes through the first paths, or the last, of each ring of a group (null: none), but for rings of open
 * paths from which `to`, where it is given, cannot be reached. */
struct group_walk {
    const struct path_group *group;
    const struct spot *to;
    bool backward;
    unsigned ring, left;
    struct path_entry *end; /* of this ring; null: not begun */
    struct path_entry *at;
};

static bool ring_is_of_use(const struct group_walk *walk, unsigned ring)
{
    if (!walk->group->rings[ring])
        return false;
    if (!walk->to || ring >= RING_RESTING)
        return true;
    struct spot from = {ring / TABLE_COUNT, ring % TABLE_COUNT};
    return spot_equal(from, *walk->to) || spot_is_later(from, *walk->to);
}

static struct path_entry *walk_next(struct group_walk *walk)
{
    if (!walk->group)
        return NULL;
    if (walk->end && --walk->left > 0) {
        walk->at = walk->backward ? walk->at->previous_same_key : walk->at->next_same_key;
        if (walk->at != walk->end)
            return walk->at;
    }
    if (walk->end)
        walk->ring++;
    while (walk->ring < RING_COUNT && !ring_is_of_use(walk, walk->ring))
        walk->ring++;
    if (walk->ring == RING_COUNT)
        return NULL;
    struct path_entry *head = walk->group->rings[walk->ring];
    walk->left = CANDIDATES_MAX;
    return walk->end = walk->at = walk->backward ? head->previous_same_key : head;
}

static bool devices_equal(const struct devices *a, const struct devices *b)
{
    return a->in == b->in && a->out == b->out && a->physin == b->physin && a->physout == b->physout;
}

static bool visit_is_known(const struct visit *visit)
{
    return visit->known || visit->state == VISIT_ACCEPTED;
}

bool marks_same_destination(const struct marks *a, const struct marks *b)
{
    return a->dst_length == b->dst_length && memcmp(a->dst, b->dst, a->dst_length) == 0;
}

/* A target that we do not know may change anything. (So may a program behind NFQUEUE: choose_queued().) */
static bool may_have_changed(const struct path_entry *path, const struct arrival *arrival)
{
    bool nat = arrival->translated || !arrival->tables_known || arrival->exist >> TABLE_NAT & 1;
    return path->visit.action == ACTION_MAYBE ||
           (nat && spot_is_translated(path->visit.spot, arrival->annotation.spot));
}

/* The first message of a later table. */
static enum fit fit_later(const struct path_entry *path, const struct arrival *arrival)
{
    struct spot from = path->visit.spot, to = arrival->annotation.spot;
    if (!spot_is_later(from, to) ||
        (from.hook == to.hook && !devices_equal(&path->devices, &arrival->devices)))
        return FIT_NONE;
    bool can_have_left = path->visit.state != VISIT_INSIDE || !visit_is_known(&path->visit);
    bool nothing_missing = arrival->tables_known ? spot_follows(from, to, arrival->exist) : true;
    return arrival_is_built_in(arrival) && can_have_left && nothing_missing ? FIT_NEXT : FIT_LOOSE;
}

static enum fit path_fit(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
    if (path->state == PATH_CLOSED || path->family != arrival->family || visit->state == VISIT_DROPPED)
        return FIT_NONE;
    if (!marks_same_destination(&path->marks, &arrival->marks) && !may_have_changed(path, arrival))
        return FIT_NONE;
    return path_fit_rewritten(path, arrival);
}

/* Within a visit the numbers of the hook's own chain only grow, whatever the rules are: what does not go on
 * from there is another packet's visit, however alike the two are. */
static bool repeats_visit(const struct path_entry *path, const struct arrival *arrival)
{
    return arrival_is_built_in(arrival) && arrival->annotation.number <= path->built_in_number;
}

enum fit path_fit_rewritten(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
    if (!spot_equal(visit->spot, arrival->annotation.spot))
        return fit_later(path, arrival);
    if (!devices_equal(&path->devices, &arrival->devices))
        return FIT_NONE;
    if (visit->state == VISIT_QUEUED)
        return arrival_is_built_in(arrival) ? FIT_REPEATED : FIT_LOOSE;
    if (visit->state == VISIT_ACCEPTED || repeats_visit(path, arrival))
        return FIT_NONE;
    if (visit_allows(visit, &arrival->annotation.meaning, arrival->annotation.number))
        return visit->known && arrival->annotation.meaning.kind != MEANING_UNKNOWN ? FIT_INSIDE : FIT_NEXT;
    return FIT_LOOSE;
}

/* TTL and mark as they were at the path's last message, if its target cannot have changed them. */
static bool same_ttl(const struct path_entry *path, const struct arrival *arrival)
{
    enum hook from = path->visit.spot.hook, to = arrival->annotation.spot.hook;
    bool forwarded = from == HOOK_PREROUTING && (to == HOOK_FORWARD || to == HOOK_POSTROUTING);
    return path->changing || path->marks.ttl - forwarded == arrival->marks.ttl;
}

static bool same_mark(const struct path_entry *path, const struct arrival *arrival)
{
    return path->changing || path->marks.mark == arrival->marks.mark;
}

static bool same_arrival(const struct path_entry *path, const struct arrival *arrival)
{
    const struct marks *a = &path->marks, *b = &arrival->marks;
    return arrival->time_is_packets && a->has_time && b->has_time && a->time_us == b->time_us;
}

/* What only one of them names is no contradiction: PREROUTING knows no `out`, POSTROUTING no `in`. */
static bool devices_agree(const struct devices *a, const struct devices *b)
{
    return (a->in == b->in || a->in == 0 || b->in == 0) && (a->out == b->out || a->out == 0 || b->out == 0);
}

#define LIKENESS_ALL 15 /* nothing speaks against it */

/* Higher is better, compared from the left: the kernel's time, destination, interfaces, TTL, mark. */
static unsigned likeness(const struct path_entry *path, const struct arrival *arrival)
{
    unsigned score = 0;
    score |= same_arrival(path, arrival) << 4;
    score |= (path->visit.action == ACTION_NAT || marks_same_destination(&path->marks, &arrival->marks)) << 3;
    score |= devices_agree(&path->devices, &arrival->devices) << 2;
    score |= same_ttl(path, arrival) << 1;
    score |= same_mark(path, arrival);
    return score;
}

/* Of two that a message fits to, which could less well do without it? One that is further on its way, or
 * further down the same chain, can take fewer of the messages that may still come: taken from the other, it
 * would leave both with messages that fit to neither. Positive: `a`; negative: `b`; 0: nobody can tell. */
static int compare_need(const struct path_entry *a, const struct path_entry *b)
{
    const struct visit *x = &a->visit, *y = &b->visit;
    if (!spot_equal(x->spot, y->spot))
        return (int)spot_is_later(y->spot, x->spot) - (int)spot_is_later(x->spot, y->spot);
    if (x->state == VISIT_ACCEPTED || y->state == VISIT_ACCEPTED)
        return 0;
    if (x->known && y->known && x->chain == y->chain && x->above != y->above)
        return x->above > y->above ? 1 : -1;
    return (a->built_in_number > b->built_in_number) - (a->built_in_number < b->built_in_number);
}

/* Nothing that is known of the two tells them apart, or ever did. */
static bool interchangeable(const struct path_entry *a, const struct path_entry *b)
{
    return a->history == b->history && a->ambiguous == b->ambiguous && a->incomplete == b->incomplete &&
           marks_same_destination(&a->marks, &b->marks);
}

static bool fits_between(enum fit fit, enum fit least, enum fit most)
{
    return fit != FIT_NONE && fit >= least && fit <= most;
}

/* Each path that the message fits to as well as to the best. */
static void mark_equals(const struct path_group *group, struct path_entry *best,
                        const struct arrival *arrival, enum fit least, enum fit most)
{
    unsigned best_likeness = likeness(best, arrival);
    struct group_walk walk = {.group = group, .to = &arrival->annotation.spot};
    for (struct path_entry *path; (path = walk_next(&walk));)
        if (fits_between(path_fit(path, arrival), least, most) && likeness(path, arrival) == best_likeness)
            path->ambiguous = best->ambiguous = true;
}

/* Whether the path is to be preferred to the best so far, which is as like. */
static bool is_better(const struct path_entry *path, const struct path_entry *best)
{
    int need = compare_need(path, best);
    return need > 0 || (need == 0 && path->first_number < best->first_number);
}

/* The best path so far. */
struct choice {
    struct path_entry *best;
    unsigned likeness;
    bool is_tied; /* with another, and something tells the two apart: it is not known which one is meant */
};

static void consider(struct choice *choice, struct path_entry *path, const struct arrival *arrival)
{
    unsigned score = likeness(path, arrival);
    if (!choice->best || score > choice->likeness) {
        *choice = (struct choice){path, score, false};
    } else if (score == choice->likeness) {
        choice->is_tied = choice->is_tied || !interchangeable(choice->best, path);
        if (is_better(path, choice->best))
            choice->best = path;
    }
}

struct path_entry *path_choose(const struct path_group *group, const struct arrival *arrival, enum fit least,
                               enum fit most)
{
    struct choice choice = {0};
    bool any_ambiguous = false;
    struct group_walk walk = {.group = group, .to = &arrival->annotation.spot};
    for (struct path_entry *path; (path = walk_next(&walk));) {
        any_ambiguous = any_ambiguous || path->ambiguous;
        if (fits_between(path_fit(path, arrival), least, most))
            consider(&choice, path, arrival);
    }
    if (choice.is_tied)
        mark_equals(group, choice.best, arrival, least, most);
    /* Where one has taken what may be another's, the other's messages find no place of their own. */
    if (choice.best && any_ambiguous && (choice.likeness & LIKENESS_ALL) != LIKENESS_ALL)
        choice.best->ambiguous = true;
    return choice.best;
}

static bool looks_like_first(const struct path_entry *path, const struct arrival *arrival)
{
    struct message_log_iterator iterator;
    struct packet packet;
    message_log_begin(path->log, &iterator);
    message_log_next(&iterator);
    const struct message *a = &iterator.event.message, *b = &arrival->event->message;
    packet_parse(a->attribute[MESSAGE_PAYLOAD], &packet);
    return bytes_equal(packet.dst, arrival->packet.dst) &&
           bytes_equal(a->attribute[MESSAGE_IN], b->attribute[MESSAGE_IN]) &&
           bytes_equal(a->attribute[MESSAGE_OUT], b->attribute[MESSAGE_OUT]);
}

/* True where the path's first visit may have taken what began another packet, and left it what was its own:
 * it went on in the built-in chain, or came from a program behind NFQUEUE, and could have with this message. */
static bool may_hold_beginning(const struct path_entry *path, const struct arrival *arrival)
{
    const struct annotation *new = &arrival->annotation;
    const struct annotation *first = message_log_annotation(path->log, 0), *before = first;
    for (size_t i = 1; i < message_log_count(path->log); i++) {
        const struct annotation *said = message_log_annotation(path->log, i);
        if (!spot_equal(said->spot, new->spot))
            return false;
        if (before->meaning.action == ACTION_QUEUE ||
            (new->number > first->number && said->meaning.chain == first->meaning.chain))
            return looks_like_first(path, arrival);
        before = said;
    }
    return false;
}

void path_mark_mistakable(const struct path_group *group, struct path_entry *begun,
                          const struct arrival *arrival)
{
    struct group_walk walk = {.group = group};
    for (struct path_entry *path; (path = walk_next(&walk));)
        if (path != begun && may_hold_beginning(path, arrival))
            path->ambiguous = begun->ambiguous = true;
}

/* Copies are made one after the other: while one is inside a table no other comes there, on the same ways;
 * nor does one go in while another is on its way on. */
static bool is_in_the_middle(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
    bool same_ways = spot_equal(visit->spot, arrival->annotation.spot)
                         ? devices_equal(&path->devices, &arrival->devices)
                         : path->hook_begin[arrival->annotation.spot.hook] == 0;
    return path->state != PATH_CLOSED && same_ways &&
           (visit->state == VISIT_INSIDE || (visit->state == VISIT_MAYBE && visit->known));
}

uint32_t path_shared_messages(const struct path_entry *path, enum hook hook)
{
    uint32_t begin = path->hook_begin[hook];
    /* After PREROUTING copies of a broadcast or multicast packet go both ways. */
    if (begin == 0 && path->hook_begin[HOOK_PREROUTING] == 1 && hook == HOOK_INPUT)
        begin = path->hook_begin[HOOK_FORWARD];
    else if (begin == 0 && path->hook_begin[HOOK_PREROUTING] == 1 && hook == HOOK_FORWARD)
        begin = path->hook_begin[HOOK_INPUT];
    return begin > 1 ? begin - 1 : 0;
}

struct path_entry *path_choose_origin(const struct path_group *group, const struct arrival *arrival)
{
    enum hook hook = arrival->annotation.spot.hook;
    if (hook == HOOK_PREROUTING || hook == HOOK_OUTPUT || !arrival_is_built_in(arrival) ||
        (arrival->tables_known && !spot_begins_hook(arrival->annotation.spot, arrival->exist)))
        return NULL;
    struct path_entry *best = NULL;
    struct group_walk walk = {.group = group, .backward = true};
    for (struct path_entry *path; (path = walk_next(&walk));) {
        bool forks = path->family == arrival->family && path_shared_messages(path, hook) > 0 && !path->cut &&
                     marks_same_destination(&path->marks, &arrival->marks) &&
                     !is_in_the_middle(path, arrival);
        if (forks && (!best || path->first_number > best->first_number))
            best = path;
    }
    return best;
}

static bool goes_on(const struct path_entry *path, const struct arrival *arrival)
{
    struct spot from = path->visit.spot, to = arrival->annotation.spot;
    if (path->family != arrival->family || path->state != PATH_CLOSED)
        return false;
    return spot_equal(from, to) ? devices_equal(&path->devices, &arrival->devices)
                                : fit_later(path, arrival) != FIT_NONE;
}

struct path_entry *path_choose_ended(const struct path_group *group, const struct arrival *arrival)
{
    struct path_entry *best = NULL, *path = group ? group->rings[RING_CLOSED] : NULL;
    struct path_entry *first = path;
    /* Those that ended last stand last. */
    for (unsigned i = 0; path && i < CANDIDATES_MAX && (i == 0 || path != first); i++) {
        path = path->previous_same_key;
        if (goes_on(path, arrival) && (!best || path->joined_at > best->joined_at))
            best = path;
    }
    return best;
}
