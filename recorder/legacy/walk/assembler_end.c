/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The end of paths: when no message can join one any more, what it then waits for, and when it is handed
 * out. */
#include "recorder/legacy/walk/assembler_state.h"

#define MS 1000000ull /* nanoseconds */

/* How long a path may be silent before it is taken to have ended. Gaps within a path were at most 123 µs in
 * 300 000. */
#define SILENCE_CLOSED_NS (5 * MS) /* ended; copies may still begin from it */
#define SILENCE_ACCEPTED_NS                                                                                  \
    (100 *                                                                                                   \
     MS) /* every table that must speak has; nat may. A CPU was seen to stand still for 76 ms          \
                  in the middle of a packet */
#define SILENCE_NS          (200 * MS) /* a table must speak and does not */
#define SILENCE_DESERTED_NS (500 * MS) /* with a queue that nobody listens to: two looks */

/* How long a path that has ended waits for an open one that began before it … */
#define HOLD_NS (100 * MS)
/* … for rules that may be changing to be read … */
#define HOLD_RULES_NS (2000 * MS)
/* … and for those that were never read yet. */
#define HOLD_FIRST_RULES_NS (60000 * MS)

/* When others are evicted; NFQUEUE holds 1024 packets unless a program asks for more. */
#define QUEUED_SPARED 4096
/* Open paths that take more than this are no longer in the processor's cache: those that rest go first. */
#define OPEN_BYTES_EASY (16u << 20)

/* A busy reader finds the socket empty seldom, and until then no time passes. But one queue takes all
 * messages of the kernel, one after the other, and none in less than half a microsecond: behind so many there
 * has been silence of milliseconds, whatever the reader does. */
#define SILENCE_CLOSED_MESSAGES 4096
#define HOLD_MESSAGES           65536

/* ---- When it has ended ---- */

static enum path_state state_of(const struct assembler *assembler, const struct path_entry *path)
{
    const struct visit *visit = &path->visit;
    if (path_is_final(path, assembler->book))
        return PATH_CLOSED;
    bool rests = visit->state == VISIT_ACCEPTED && rulebook_knows_tables(assembler->book, path->family) &&
                 spot_expects(visit->spot, rulebook_tables(assembler->book, path->family)) == EXPECT_MAYBE;
    return rests ? PATH_RESTING : PATH_OPEN;
}

/* Nobody listened to the queue when last looked: another look will tell for sure. */
static bool is_deserted(const struct assembler *assembler, const struct annotation *last)
{
    struct queue_rule rule;
    return queue_rule_of(&last->meaning, &rule) &&
           rulebook_was_deserted(assembler->book, &rule, last->from_ns, 0);
}

static uint64_t silence_allowed(const struct assembler *assembler, const struct path_entry *path)
{
    if (path->visit.state == VISIT_QUEUED)
        return is_deserted(assembler, message_log_annotation(path->log, message_log_count(path->log) - 1))
                   ? SILENCE_DESERTED_NS
                   : SILENCE_QUEUED_NS;
    enum path_state state = state_of(assembler, path);
    return state == PATH_CLOSED    ? SILENCE_CLOSED_NS
           : state == PATH_RESTING ? SILENCE_ACCEPTED_NS
                                   : SILENCE_NS;
}

void assembler_await_more(struct assembler *assembler, struct path_entry *path)
{
    path->deadline = monotonic_after(assembler->now, silence_allowed(assembler, path));
    path->state = state_of(assembler, path);
    path_store_move(path);
}

/* ---- Rules changed meanwhile ---- */

/* The path's messages as they are understood now. */
static void understand_again(struct assembler *assembler, struct path_entry *path, uint64_t since_ns,
                             bool force)
{
    bool was_queued = path->visit.state == VISIT_QUEUED;
    path_annotate_again(path, assembler->book, since_ns, force);
    assembler->queued_count += (path->visit.state == VISIT_QUEUED) - was_queued;
}

static bool is_concerned(const struct assembler *assembler, const struct path_entry *path,
                         enum ip_family family, uint64_t since_ns)
{
    if (path->family != family)
        return false;
    return path->undecided ||
           (since_ns != UINT64_MAX && path->joined_at > confirmation_of(assembler, family)->confirmed);
}

void assembler_rules_settled(struct assembler *assembler, enum ip_family family, uint64_t since_ns)
{
    for (struct path_entry *path = assembler->paths.held; path; path = path->newer)
        if (is_concerned(assembler, path, family, since_ns))
            path_annotate_again(path, assembler->book, since_ns, false);
    for (struct path_entry *path = assembler->paths.oldest; path; path = path->newer) {
        if (!is_concerned(assembler, path, family, since_ns))
            continue;
        understand_again(assembler, path, since_ns, false);
        if (path->state == PATH_CLOSED)
            continue;
        assembler_await_more(assembler, path);
    }
}

/* ---- Handing out ---- */

/* Its end can wait until it is known what its messages mean. */
static bool waits_for_rules(const struct assembler *assembler, const struct path_entry *path)
{
    if (!path->undecided || rulebook_suspect_since(assembler->book, path->family) == 0)
        return false;
    uint64_t hold_ns =
        rulebook_lacks_rules(assembler->book, path->family) ? HOLD_FIRST_RULES_NS : HOLD_RULES_NS;
    return monotonic_is_before(assembler->now, monotonic_after(path->deadline, hold_ns));
}

static bool is_confirmed(const struct assembler *assembler, const struct path_entry *path)
{
    return !path->undecided && path->joined_at <= confirmation_of(assembler, path->family)->confirmed;
}

/* It cannot wait any longer. Where something speaks for a change it says so; else it is noted when it was,
 * for the look that may yet find one. */
static void leave_unconfirmed(struct assembler *assembler, struct path_entry *path)
{
    uint64_t suspect_ns = rulebook_suspect_since(assembler->book, path->family);
    if (path->undecided || suspect_ns != 0) {
        path_annotate_again(path, assembler->book, suspect_ns != 0 ? suspect_ns : UINT64_MAX, true);
        return;
    }
    struct assembler_unconfirmed *unconfirmed = &confirmation_of(assembler, path->family)->unconfirmed;
    const struct annotation *first = message_log_annotation(path->log, 0);
    const struct annotation *last = message_log_annotation(path->log, message_log_count(path->log) - 1);
    if (unconfirmed->paths++ == 0)
        *unconfirmed = (struct assembler_unconfirmed){1, first->from_ns, last->to_ns};
    unconfirmed->from_ns = MIN(unconfirmed->from_ns, first->from_ns);
    unconfirmed->to_ns = MAX(unconfirmed->to_ns, last->to_ns);
}

static void hand_out(struct assembler *assembler, struct path_entry *path)
{
    if (path->undecided || (assembler->limits.confirm_wait_ns != 0 && !is_confirmed(assembler, path)))
        leave_unconfirmed(assembler, path);
    path->incomplete = path->incomplete || path->contradicts;
    bool cut_short = path->stopped && !path_is_final(path, assembler->book);
    struct path_end end = path_verdict(path, assembler->book, path->stopped);
    if (cut_short && end.reason == REASON_LOST)
        path->incomplete = true;
    struct ended_path finished = {
        .family = path->family,
        .first_number = path->first_number,
        .time_ns = path->time_ns,
        .verdict = end.verdict,
        .reason = end.reason,
        .decided = end.decided,
        .incomplete = path->incomplete,
        .ambiguous = path->ambiguous,
        .copy = path->copy,
        .cut = path->cut,
        .messages = path->messages,
        .log = path->log,
    };
    assembler->counts.paths++;
    assembler->counts.no_rules += end.reason == REASON_NO_RULES;
    assembler->counts.incomplete += path->incomplete;
    assembler->counts.ambiguous += path->ambiguous;
    assembler->counts.copies += path->copy;
    assembler->emit(assembler->user, &finished);
}

/* Whoever else knows of the packet has said it. */
static bool may_go(const struct assembler *assembler, const struct path_entry *path)
{
    struct message_log_iterator iterator;
    if (!assembler->limits.may_go)
        return true;
    message_log_begin(path->log, &iterator);
    return !message_log_next(&iterator) || assembler->limits.may_go(assembler->user, &iterator.event);
}

static bool is_settled(const struct assembler *assembler, const struct path_entry *path)
{
    return is_confirmed(assembler, path) && may_go(assembler, path);
}

/* Hands out those that need not wait any longer, in their order. */
static void release(struct assembler *assembler, bool all)
{
    struct path_store *paths = &assembler->paths;
    while (paths->held &&
           (all || is_settled(assembler, paths->held) ||
            monotonic_since(assembler->now, paths->held->held) >= assembler->limits.confirm_wait_ns ||
            paths->held_bytes > assembler->limits.waiting_bytes)) {
        hand_out(assembler, paths->held);
        path_store_remove_held(paths);
    }
}

/* No message can join the path any more. `stopped`: it is ended, whatever may come. */
static void end_path(struct assembler *assembler, struct path_entry *path, bool stopped)
{
    if (path->undecided && rulebook_suspect_since(assembler->book, path->family) == 0)
        understand_again(assembler, path, UINT64_MAX, false);
    path->end_lost = assembler->has_lost && assembler->lost_at >= path->joined_at;
    path->stopped = stopped;
    path->held = assembler->now;
    assembler->queued_count -= path->visit.state == VISIT_QUEUED;
    path_store_hold(&assembler->paths, path);
    release(assembler, assembler->limits.confirm_wait_ns == 0);
}

/* The oldest, but what a program has in its hands last: that takes long, and its queue is bounded. */
static struct path_entry *choose_evicted(const struct assembler *assembler)
{
    struct path_entry *path = assembler->paths.oldest;
    for (unsigned i = 0; path && path->visit.state == VISIT_QUEUED && i < QUEUED_SPARED; i++)
        path = path->newer;
    return path ? path : assembler->paths.oldest;
}

static void evict(struct assembler *assembler)
{
    struct path_store *paths = &assembler->paths;
    while (paths->bytes > OPEN_BYTES_EASY && paths->oldest->state != PATH_OPEN)
        end_path(assembler, paths->oldest, false);
    while (assembler->paths.count > assembler->limits.open_paths ||
           assembler->paths.bytes > assembler->limits.bytes) {
        struct path_entry *path = choose_evicted(assembler);
        path->evicted = !path_is_final(path, assembler->book);
        assembler->counts.evicted += path->evicted;
        end_path(assembler, path, true);
    }
}

void assembler_drained(struct assembler *assembler, uint64_t at_ns)
{
    assembler->clock.drained_ns = MAX(assembler->clock.read_ns, at_ns);
}

/* When there is something to hand out, if nothing comes before. */
static struct monotonic wake_of(const struct assembler *assembler)
{
    const struct path_entry *held = assembler->paths.held;
    if (!held)
        return assembler->wake;
    return monotonic_earlier(assembler->wake, monotonic_after(held->held, assembler->limits.confirm_wait_ns));
}

struct monotonic assembler_tick(struct assembler *assembler, struct monotonic now)
{
    struct monotonic wake = MONOTONIC_NEVER;
    struct monotonic hold_until = {0}; /* for the youngest of those that are open and began before */
    assembler->now = now;
    assembler_drained(assembler, assembler->clock.drained_ns);
    release(assembler, false);
    if (assembler->paths.oldest && monotonic_is_before(now, assembler->wake))
        return wake_of(assembler);
    for (struct path_entry *path = assembler->paths.oldest, *newer; path; path = newer) {
        newer = path->newer;
        bool over = !monotonic_is_before(now, path->deadline) && !waits_for_rules(assembler, path);
        /* Packets that began later wait for one that is open, but not for ever. */
        struct monotonic due =
            over ? monotonic_earlier(hold_until, monotonic_after(path->deadline, HOLD_NS)) : path->deadline;
        if (over && !monotonic_is_before(now, due)) {
            end_path(assembler, path, false);
            continue;
        }
        wake = monotonic_earlier(wake, due);
        if (!over)
            hold_until = monotonic_after(path->opened, HOLD_NS);
    }
    assembler->wake = wake;
    return wake_of(assembler);
}

/* Hands out the paths whose end is known and that many messages have followed. Never more than one look at a
 * path for a message, however many are open. */
static void sweep(struct assembler *assembler)
{
    uint64_t messages = assembler->messages;
    bool older_is_open = false;
    for (struct path_entry *path = assembler->paths.oldest, *newer; path && !older_is_open; path = newer) {
        newer = path->newer;
        bool over = path->state == PATH_CLOSED && !path->undecided &&
                    path->joined_at + SILENCE_CLOSED_MESSAGES <= messages;
        if (over)
            end_path(assembler, path, false);
        else
            older_is_open = path->opened_at + HOLD_MESSAGES > messages;
    }
    assembler->sweep_at = messages + MAX(SWEEP_MESSAGES, assembler->paths.count);
}

void assembler_finish(struct assembler *assembler)
{
    while (assembler->paths.oldest)
        end_path(assembler, assembler->paths.oldest, true);
    release(assembler, true);
}

void assembler_end_what_can_be(struct assembler *assembler)
{
    if (assembler->messages >= assembler->sweep_at)
        sweep(assembler);
    evict(assembler);
}

/* ---- What is known of the rules ---- */

uint64_t assembler_mark(const struct assembler *assembler)
{
    return assembler->messages;
}

void assembler_rules_confirmed(struct assembler *assembler, enum ip_family family, uint64_t mark)
{
    struct confirmation *confirmation = confirmation_of(assembler, family);
    confirmation->confirmed = MAX(confirmation->confirmed, mark);
    release(assembler, false);
}

bool assembler_waits(const struct assembler *assembler, enum ip_family family)
{
    const struct confirmation *confirmation = confirmation_of(assembler, family);
    return confirmation->last > confirmation->confirmed;
}

struct assembler_unconfirmed assembler_take_unconfirmed(struct assembler *assembler, enum ip_family family)
{
    struct confirmation *confirmation = confirmation_of(assembler, family);
    struct assembler_unconfirmed unconfirmed = confirmation->unconfirmed;
    confirmation->unconfirmed = (struct assembler_unconfirmed){0};
    return unconfirmed;
}
