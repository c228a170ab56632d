/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts the messages of one packet together into its path. */
#include "recorder/legacy/walk/assembler.h"

#include "format/hash.h"
#include "recorder/legacy/walk/assembler_state.h"

#define MS 1000000ull /* nanoseconds */

/* Messages of one packet are often made within one microsecond, but hardly that many in a row. */
#define EQUAL_TIMES_SURE 32

#define STEPS_MAX         1024 /* messages kept of one path: an NF_REPEAT loop made 480 000 */
#define OPEN_PATHS_MAX    65536
#define OPEN_BYTES_MAX    (64u << 20) /* all memory of open paths and their messages */
#define WAITING_BYTES_MAX (32u << 20) /* of those that have ended and wait for a look at the rules */

/* What is left to know a packet by that a program has rewritten. */
static uint64_t source_of(const struct packet *packet)
{
    return hash_bytes(hash_number(HASH_BEGIN, packet->srcport), packet->src);
}

static struct path_entry *path_open(struct assembler *assembler, const struct arrival *arrival)
{
    struct path_entry *path = path_store_add(&assembler->paths, arrival->key);
    path->family = arrival->family;
    path->protocol = arrival->packet.protocol;
    path->source = source_of(&arrival->packet);
    path->first_number = arrival->event->message.number;
    path->opened = assembler->now;
    path->opened_at = assembler->messages;
    if (arrival->marks.has_time)
        path->time_ns = arrival->marks.time_us * 1000;
    else
        path_store_open_time(&assembler->paths, path, arrival->event->received_ns);
    return path;
}

/* ---- A message joins a path ---- */

static void keep_message(struct assembler *assembler, struct path_entry *path, const struct arrival *arrival)
{
    size_t before = message_log_memory(path->log);
    path->messages++;
    if (message_log_count(path->log) < STEPS_MAX) {
        message_log_add(path->log, arrival->event, &arrival->annotation);
    } else {
        message_log_replace_last(path->log, arrival->event, &arrival->annotation);
        path->cut = true;
        assembler->counts.unkept++;
        if (path->filter_end == STEPS_MAX)
            path->filter_end = 0;
    }
    assembler->paths.bytes += message_log_memory(path->log) - before;
}

static uint64_t history_with(uint64_t history, struct spot spot, struct bytes chain, uint32_t number)
{
    history = hash_number(history, (uint64_t)spot.hook << 40 | (uint64_t)spot.table << 32 | number);
    return hash_bytes(history, chain);
}

/* A target that goes on, or one that we do not know, may change TTL or mark. */
static bool may_change(const struct meaning *meaning)
{
    if (meaning->kind == MEANING_POLICY || meaning->kind == MEANING_END || meaning->kind == MEANING_OWN)
        return false;
    bool goes_on = meaning->action == ACTION_CONTINUE && (!meaning->rule || meaning->rule->target.length > 0);
    return goes_on || meaning->action == ACTION_MAYBE || meaning->action == ACTION_TPROXY ||
           meaning->action == ACTION_QUEUE;
}

static void path_join(struct assembler *assembler, struct path_entry *path, const struct arrival *arrival,
                      bool new_visit)
{
    struct spot spot = arrival->annotation.spot;
    bool was_queued = path->visit.state == VISIT_QUEUED && path->messages > 0;
    keep_message(assembler, path, arrival);
    path->history = history_with(path->history, spot, arrival->chain, arrival->annotation.number);
    path->undecided = path->undecided || arrival->annotation.undecided;
    uint32_t number = (uint32_t)message_log_count(path->log);

    if (new_visit) {
        visit_begin(&path->visit, spot, arrival->annotation.ruleset);
        if (!visit_allows(&path->visit, &arrival->annotation.meaning, arrival->annotation.number))
            path->visit.known = false;
    }
    visit_step(&path->visit, &arrival->annotation.meaning, arrival->annotation.number);
    if (path->hook_begin[spot.hook] == 0)
        path->hook_begin[spot.hook] = number;
    if (spot.table == TABLE_FILTER)
        path->filter_end = number;

    if (path->marks.has_time && arrival->marks.has_time)
        assembler->equal_times =
            path->marks.time_us == arrival->marks.time_us ? assembler->equal_times + 1 : 0;
    if (new_visit)
        path->built_in_number = 0;
    if (arrival_is_built_in(arrival))
        path->built_in_number = arrival->annotation.number;
    path->changing = may_change(&arrival->annotation.meaning);
    path->marks = arrival->marks;
    path->devices = arrival->devices;
    path->joined_at = assembler->messages;
    assembler_await_more(assembler, path);
    assembler->wake = monotonic_earlier(assembler->wake, path->deadline);
    assembler->queued_count += (path->visit.state == VISIT_QUEUED) - was_queued;
}

/* ---- Finding the path ---- */

/* A copy: the first hooks were crossed once, this one and the later ones by each copy. */
static struct path_entry *path_open_copy(struct assembler *assembler, struct path_entry *origin,
                                         const struct arrival *arrival)
{
    struct path_entry *path = path_open(assembler, arrival);
    uint32_t shared = path_shared_messages(origin, arrival->annotation.spot.hook);
    struct message_log_iterator iterator;
    size_t before = message_log_memory(path->log);
    message_log_begin(origin->log, &iterator);
    for (uint32_t i = 0; i < shared && message_log_next(&iterator); i++) {
        message_log_add(path->log, &iterator.event, iterator.annotation);
        if (iterator.annotation->spot.table == TABLE_FILTER)
            path->filter_end = i + 1;
    }
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        if (origin->hook_begin[hook] != 0 && origin->hook_begin[hook] <= shared)
            path->hook_begin[hook] = origin->hook_begin[hook];
    assembler->paths.bytes += message_log_memory(path->log) - before;
    path->messages = shared;
    path->history = origin->history;
    path_store_set_time(&assembler->paths, path, origin->time_ns);
    path->first_number = origin->first_number;
    path->marks = origin->marks;
    path->incomplete = origin->incomplete;
    path->ambiguous = origin->ambiguous;
    path->copy = origin->copy = true;
    return path;
}

/* What comes back from a program behind NFQUEUE may be rewritten, so that no key finds it: then its source
 * must do. Where messages were lost it may as well be of a packet whose beginning was. */
static struct path_entry *choose_queued(struct assembler *assembler, const struct arrival *arrival)
{
    struct path_entry *best = NULL;
    uint64_t source = source_of(&arrival->packet);
    bool lost = assembler->has_lost && monotonic_since(assembler->now, assembler->lost) < SILENCE_QUEUED_NS;
    uint32_t left = lost ? 0 : assembler->queued_count;
    for (struct path_entry *path = assembler->paths.oldest; path && left > 0; path = path->newer) {
        if (path->visit.state != VISIT_QUEUED)
            continue;
        left--;
        if (path->source != source || path->protocol != arrival->packet.protocol)
            continue;
        enum fit fit = path_fit_rewritten(path, arrival);
        if (fit != FIT_NEXT && fit != FIT_REPEATED)
            continue;
        if (best)
            path->ambiguous = best->ambiguous = true;
        else
            best = path;
    }
    if (best && !marks_same_destination(&best->marks, &arrival->marks))
        best->ambiguous = true;
    return best;
}

/* Other rules than ours, or a message that is missing. Which of the two, a look at the rules will tell. */
static void join_loosely(struct assembler *assembler, struct path_entry *path, struct arrival *arrival)
{
    bool same_table = spot_equal(path->visit.spot, arrival->annotation.spot);
    if (same_table)
        arrival->annotation.stale =
            arrival->annotation.stale || (arrival->annotation.ruleset && !path->incomplete);
    else if (arrival->rules_may_differ)
        path->contradicts = true;
    else
        path->incomplete = true;
    path->state = PATH_OPEN;
    path_join(assembler, path, arrival, !same_table);
    if (same_table)
        path->visit.known = false;
}

/* A packet's first message. */
static void begin_path(struct assembler *assembler, const struct path_group *group,
                       const struct arrival *arrival, bool is_ambiguous)
{
    struct path_entry *path = path_open(assembler, arrival);
    path->ambiguous = is_ambiguous;
    path_mark_mistakable(group, path, arrival);
    path_join(assembler, path, arrival, true);
}

/* The beginning of another copy of a packet; null where there is no such packet. */
static struct path_entry *begin_copy(struct assembler *assembler, const struct path_group *group,
                                     const struct arrival *arrival)
{
    struct path_entry *origin = path_choose_origin(group, arrival);
    return origin ? path_open_copy(assembler, origin, arrival) : NULL;
}

/* The packet that a program behind NFQUEUE has rewritten; null where there is none. */
static struct path_entry *take_rewritten(struct assembler *assembler, const struct arrival *arrival)
{
    struct path_entry *path = assembler->queued_count > 0 ? choose_queued(assembler, arrival) : NULL;
    if (path)
        path_store_change_key(&assembler->paths, path, arrival->key);
    return path;
}

/* What goes together by order alone, for the rules that are known say otherwise; null where nothing does. */
static struct path_entry *choose_loose(const struct path_group *group, const struct arrival *arrival)
{
    struct path_entry *path = path_choose(group, arrival, FIT_LOOSE, FIT_LOOSE);
    return path || !arrival->rules_may_differ ? path : path_choose_ended(group, arrival);
}

/* A message whose packet's beginning is not known. */
static void begin_orphan(struct assembler *assembler, const struct arrival *arrival)
{
    struct path_entry *path = path_open(assembler, arrival);
    path->incomplete = true;
    assembler->counts.orphans++;
    path_join(assembler, path, arrival, true);
}

/* Finds the message's path, by the surest way first. */
static void add_arrival(struct assembler *assembler, struct arrival *arrival)
{
    const struct path_group *group = path_store_find(&assembler->paths, arrival->key);
    struct spot spot = arrival->annotation.spot;
    table_set exist = arrival->tables_known ? arrival->exist : 1u << TABLE_RAW | 1u << spot.table;
    bool begins = spot_begins_path(spot, exist);
    struct path_entry *next = path_choose(group, arrival, FIT_NEXT, FIT_INSIDE);
    struct path_entry *again =
        assembler->queued_count > 0 ? path_choose(group, arrival, FIT_REPEATED, FIT_REPEATED) : NULL;
    /* It may as well be the one that a program has sent through the table again. */
    if (again && (next || begins))
        again->ambiguous = true;
    if (next) {
        next->ambiguous = next->ambiguous || again;
        path_join(assembler, next, arrival, !spot_equal(next->visit.spot, spot));
        return;
    }
    if (begins) {
        begin_path(assembler, group, arrival, again != NULL);
        return;
    }

    struct path_entry *path = again;
    if (!path)
        path = begin_copy(assembler, group, arrival);
    if (!path)
        path = take_rewritten(assembler, arrival);
    if (path)
        path_join(assembler, path, arrival, true);
    else if ((path = choose_loose(group, arrival)))
        join_loosely(assembler, path, arrival);
    else
        begin_orphan(assembler, arrival);
}

/* ---- Interface ---- */

struct assembler *assembler_new(const struct rulebook *book, const struct assembler_limits *limits,
                                assembler_emit_fn *emit_fn, void *user)
{
    struct assembler *assembler = g_new0(struct assembler, 1);
    assembler->book = book;
    assembler->limits = *limits;
    if (assembler->limits.open_paths == 0)
        assembler->limits.open_paths = OPEN_PATHS_MAX;
    if (assembler->limits.bytes == 0)
        assembler->limits.bytes = OPEN_BYTES_MAX;
    if (assembler->limits.waiting_bytes == 0)
        assembler->limits.waiting_bytes = WAITING_BYTES_MAX;
    assembler->emit = emit_fn;
    assembler->user = user;
    path_store_init(&assembler->paths);
    assembler->wake = MONOTONIC_NEVER;
    assembler->sweep_at = SWEEP_MESSAGES;
    return assembler;
}

void assembler_free(struct assembler *assembler)
{
    if (!assembler)
        return;
    path_store_done(&assembler->paths);
    g_free(assembler);
}

void assembler_add(struct assembler *assembler, const struct event *event, struct monotonic now)
{
    struct arrival arrival;
    assembler->now = now;
    assembler->clock.read_ns = event->received_ns;
    if (event->lost_before > 0)
        assembler_lost(assembler);
    assembler->messages++;
    if (!arrival_read(&arrival, event, assembler->book, &assembler->clock)) {
        assembler->counts.malformed++;
        return;
    }
    arrival.time_is_packets = assembler->equal_times >= EQUAL_TIMES_SURE;
    arrival.rules_may_differ = assembler->limits.confirm_wait_ns != 0 && !assembler->has_lost;
    confirmation_of(assembler, arrival.family)->last = assembler->messages;
    if (arrival.marks.has_time)
        path_store_close_times(&assembler->paths, arrival.marks.time_us * 1000);
    add_arrival(assembler, &arrival);
    assembler_end_what_can_be(assembler);
}

void assembler_lost(struct assembler *assembler)
{
    assembler->has_lost = true;
    assembler->lost = assembler->now;
    assembler->lost_at = assembler->messages;
    /* What began before the loss before was marked then. */
    for (struct path_entry *path = assembler->paths.newest; path && !path->loss_seen; path = path->older) {
        path->loss_seen = true;
        path->incomplete = path->incomplete || path->state != PATH_CLOSED;
    }
}

void assembler_get_counts(const struct assembler *assembler, struct assembler_counts *ret_counts)
{
    *ret_counts = assembler->counts;
}
