/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which path a message belongs to, although nothing in it says so. */
#include "recorder/core/path.h"

#include <string.h>

/* Paths of a key that are looked at. Of packets that look the same no more than there are CPUs, and packets
 * inside packets, are under way at a time; what makes more of them are those that have ended and wait for it
 * to be known. */
#define CANDIDATES_MAX 64

static struct path_entry *next_of(const struct path_entry *first, const struct path_entry *path,
                                  unsigned *left)
{
    return path->next_same_key == first || --*left == 0 ? NULL : path->next_same_key;
}

static struct path_entry *previous_of(const struct path_entry *last, const struct path_entry *path,
                                      unsigned *left)
{
    return path->previous_same_key == last || --*left == 0 ? NULL : path->previous_same_key;
}

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

bool marks_same_destination(const struct marks *a, const struct marks *b)
{
    return a->dst_length == b->dst_length && memcmp(a->dst, b->dst, a->dst_length) == 0;
}

/* A target that we do not know may change anything. (So may a program behind NFQUEUE: choose_queued().) */
static bool may_have_changed(const struct path_entry *path, const struct arrival *arrival)
{
    bool nat = !arrival->tables_known || arrival->exist >> TABLE_NAT & 1;
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
    return begins_visit(arrival) && can_have_left && nothing_missing ? FIT_NEXT : FIT_LOOSE;
}

enum fit path_fit(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
    if (path->state == PATH_CLOSED || path->family != arrival->family || visit->state == VISIT_DROPPED)
        return FIT_NONE;
    if (!marks_same_destination(&path->marks, &arrival->marks) && !may_have_changed(path, arrival))
        return FIT_NONE;
    return path_fit_rewritten(path, arrival);
}

enum fit path_fit_rewritten(const struct path_entry *path, const struct arrival *arrival)
{
    const struct visit *visit = &path->visit;
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

/* Nothing that is known of the two tells them apart, or ever did. */
static bool interchangeable(const struct path_entry *a, const struct path_entry *b)
{
    return a->history == b->history && a->ambiguous == b->ambiguous && a->incomplete == b->incomplete &&
           marks_same_destination(&a->marks, &b->marks);
}

/* Each path that the message fits to as well as to the best. */
static void mark_equals(struct path_entry *list, struct path_entry *best, const struct arrival *arrival,
                        bool loose, unsigned best_likeness)
{
    unsigned left = CANDIDATES_MAX;
    for (struct path_entry *path = list; path; path = next_of(list, path, &left)) {
        enum fit fit = path_fit(path, arrival);
        if (fit != FIT_NONE && (fit == FIT_LOOSE) == loose && likeness(path, arrival) == best_likeness)
            path->ambiguous = best->ambiguous = true;
    }
}

struct path_entry *path_choose(struct path_entry *list, const struct arrival *arrival, bool loose,
                               enum fit *ret_fit)
{
    struct path_entry *best = NULL;
    unsigned best_likeness = 0;
    bool ambiguous = false, doubt = false;
    unsigned left = CANDIDATES_MAX;
    for (struct path_entry *path = list; path; path = next_of(list, path, &left)) {
        enum fit fit = path_fit(path, arrival);
        doubt = doubt || path->ambiguous;
        if (fit == FIT_NONE || (fit == FIT_LOOSE) != loose)
            continue;
        unsigned score = likeness(path, arrival);
        if (best && score < best_likeness)
            continue;
        if (best && score == best_likeness) {
            ambiguous = ambiguous || !interchangeable(best, path);
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
    /* Where one has taken what may be another's, the other's messages find no place of their own. */
    if (best && doubt && (best_likeness & LIKENESS_ALL) != LIKENESS_ALL)
        best->ambiguous = true;
    return best;
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
 * it went on in the built-in chain, or came from a program behind NFQUEUE, and could have with this message.
 */
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

void path_mark_mistakable(struct path_entry *list, struct path_entry *begun, const struct arrival *arrival)
{
    unsigned left = CANDIDATES_MAX;
    for (struct path_entry *path = list; path; path = next_of(list, path, &left))
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
    return path->state == PATH_OPEN && same_ways &&
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

struct path_entry *path_choose_origin(struct path_entry *list, const struct arrival *arrival)
{
    enum hook hook = arrival->annotation.spot.hook;
    if (hook == HOOK_PREROUTING || hook == HOOK_OUTPUT || !begins_visit(arrival) ||
        (arrival->tables_known && !spot_begins_hook(arrival->annotation.spot, arrival->exist)))
        return NULL;
    struct path_entry *best = NULL;
    /* The last ones are those that closed last. */
    struct path_entry *last = list ? list->previous_same_key : NULL;
    unsigned left = CANDIDATES_MAX;
    for (struct path_entry *path = last; path; path = previous_of(last, path, &left)) {
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

struct path_entry *path_choose_ended(struct path_entry *list, const struct arrival *arrival)
{
    struct path_entry *best = NULL, *last = list ? list->previous_same_key : NULL;
    unsigned left = CANDIDATES_MAX;
    for (struct path_entry *path = last; path; path = previous_of(last, path, &left))
        if (goes_on(path, arrival) && (!best || path->joined_at > best->joined_at))
            best = path;
    return best;
}
