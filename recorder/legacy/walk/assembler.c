/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the messages of one packet together into its path. */
#include "recorder/legacy/walk/assembler.h"

#include "recorder/legacy/walk/path_store.h"

#define MS 1000000ull /* nanoseconds */

/* How long a path may be silent before it is taken to have ended. Gaps within a path were at most 123 µs in
 * 300 000. */
#define SILENCE_CLOSED_NS (5 * MS) /* ended; copies may still begin from it */
#define SILENCE_ACCEPTED_NS                                                                                  \
    (100 * MS)                         /* every table that must speak has; nat may: a CPU was seen to stand  \
                                           still for 76 ms in the middle of a packet */
#define SILENCE_NS          (200 * MS) /* a table must speak and does not */
#define SILENCE_QUEUED_NS   (120000 * MS) /* with a program behind NFQUEUE */
#define SILENCE_DESERTED_NS (500 * MS)    /* with a queue that nobody listens to: two looks */
#define HOLD_NS             (100 * MS) /* how long finished packets wait for an open one that began before them */

#define HOLD_RULES_NS                                                                                        \
    (2000 * MS) /* how long a finished one waits for rules that may be changing to be read */

#define HOLD_FIRST_RULES_NS (60000 * MS) /* likewise, where none were read yet */

/* Messages of one packet are often made within one microsecond, but hardly that many in a row. */
#define EQUAL_TIMES_SURE 32

#define QUEUED_SPARED                                                                                        \
    4096 /* when others are evicted; NFQUEUE holds 1024 packets unless a program asks for more */
#define STEPS_MAX      1024 /* messages kept of one path: an NF_REPEAT loop made 480 000 */
#define OPEN_PATHS_MAX 65536
#define OPEN_BYTES_MAX (64u << 20) /* all memory of open paths and their messages */
#define OPEN_BYTES_EASY                                                                                      \
    (16u << 20) /* more than this is no longer in the processor's cache: those that rest go first */
#define WAITING_BYTES_MAX (32u << 20) /* of those that have ended and wait for a look at the rules */

/* A busy reader finds the socket empty seldom, and until then no time passes. But one queue takes all
 * messages of the kernel, one after the other, and none in less than half a microsecond: behind so many there
 * has been silence of milliseconds, whatever the reader does. */
#define SILENCE_CLOSED_MESSAGES 4096
#define HOLD_MESSAGES           65536
#define SWEEP_MESSAGES          1024

/* What is known of a family's rules, in numbers of messages taken in. */
struct confirmation {
    uint64_t last;      /* its last message */
    uint64_t confirmed; /* all of its messages until this one are sure */
    struct assembler_unconfirmed unconfirmed;
};

struct assembler {
    const struct rulebook *book;
    assembler_emit_fn *emit;
    void *user;
    struct assembler_limits limits;
    struct path_store paths;
    struct stream_clock clock;
    struct confirmation confirmations[FAMILY_COUNT];
    uint32_t queued_count; /* paths in the hands of a program behind NFQUEUE */
    uint32_t equal_times;  /* messages in a row that had the time of their path's last one */
    uint64_t now_ns;
    uint64_t lost_ns;  /* when messages were last lost; 0: never */
    uint64_t lost_at;  /* likewise, the number of messages taken in before */
    uint64_t messages; /* taken in */
    uint64_t sweep_at; /* after so many messages it is time to look for paths that have ended */
    uint64_t wake_ns;  /* before, no path can be handed out for its silence */
    struct assembler_counts counts;
};

static struct confirmation *confirmation_of(const struct assembler *assembler, enum ip_family family)
{
    return (struct confirmation *)&assembler->confirmations[ip_family_index(family)];
}

/* What is left to know a packet by that a program has rewritten. */
static uint64_t source_of(const struct packet *packet)
{
    uint64_t source = packet->srcport;
    for (size_t i = 0; i < packet->src.length; i++)
        source = (source ^ packet->src.data[i]) * 0x100000001b3;
    return source;
}

static struct path_entry *path_open(struct assembler *assembler, const struct arrival *arrival)
{
    struct path_entry *path = path_store_add(&assembler->paths, arrival->key);
    path->family = arrival->family;
    path->protocol = arrival->packet.protocol;
    path->source = source_of(&arrival->packet);
    path->first_number = arrival->event->message.number;
    path->opened_ns = assembler->now_ns;
    path->opened_at = assembler->messages;
    if (arrival->marks.has_time)
        path->time_ns = arrival->marks.time_us * 1000;
    else
        path_store_open_time(&assembler->paths, path, arrival->event->received_ns);
    return path;
}

/* ---- A message joins a path ---- */

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
    const uint64_t prime = 0x100000001b3; /* of FNV-1a */
    history = (history ^ ((uint64_t)spot.hook << 40 | (uint64_t)spot.table << 32 | number)) * prime;
    for (size_t i = 0; i < chain.length; i++)
        history = (history ^ chain.data[i]) * prime;
    return history ^ history >> 32;
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
    path->open = path->open || arrival->annotation.open;
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
    path->deadline_ns = assembler->now_ns + silence_allowed(assembler, path);
    path->joined_at = assembler->messages;
    assembler->wake_ns = MIN(assembler->wake_ns, path->deadline_ns);
    path->state = state_of(assembler, path);
    path_store_move(path);
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
    bool lost = assembler->lost_ns != 0 && assembler->now_ns < assembler->lost_ns + SILENCE_QUEUED_NS;
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

static void add_arrival(struct assembler *assembler, struct arrival *arrival)
{
    struct path_group *group = path_store_find(&assembler->paths, arrival->key);
    table_set exist =
        arrival->tables_known ? arrival->exist : 1u << TABLE_RAW | 1u << arrival->annotation.spot.table;
    struct path_entry *path = path_choose(group, arrival, FIT_NEXT, FIT_INSIDE);
    bool begins = spot_begins_path(arrival->annotation.spot, exist);
    struct path_entry *repeated =
        assembler->queued_count > 0 ? path_choose(group, arrival, FIT_REPEATED, FIT_REPEATED) : NULL;
    /* It may as well be the one that a program has sent through the table again. */
    if (repeated && (path || begins))
        repeated->ambiguous = true;
    if (path) {
        path->ambiguous = path->ambiguous || repeated;
        path_join(assembler, path, arrival, !spot_equal(path->visit.spot, arrival->annotation.spot));
        return;
    }
    path = repeated;
    if (begins) {
        path = path_open(assembler, arrival);
        path->ambiguous = repeated != NULL;
        path_mark_mistakable(group, path, arrival);
    } else if (!path && (path = path_choose_origin(group, arrival))) {
        path = path_open_copy(assembler, path, arrival);
    } else if (!path && assembler->queued_count > 0 && (path = choose_queued(assembler, arrival))) {
        path_store_change_key(&assembler->paths, path, arrival->key);
    } else if (!path && ((path = path_choose(group, arrival, FIT_LOOSE, FIT_LOOSE)) ||
                         (arrival->rules_may_differ && (path = path_choose_ended(group, arrival))))) {
        join_loosely(assembler, path, arrival);
        return;
    } else if (!path) {
        path = path_open(assembler, arrival);
        path->incomplete = true;
        assembler->counts.orphans++;
    }
    path_join(assembler, path, arrival, true);
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
    return path->open ||
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
        path->deadline_ns = assembler->now_ns + silence_allowed(assembler, path);
        path->state = state_of(assembler, path);
        path_store_move(path);
    }
}

/* Its end can wait until it is known what its messages mean. */
static bool waits_for_rules(const struct assembler *assembler, const struct path_entry *path)
{
    if (!path->open || rulebook_suspect_since(assembler->book, path->family) == 0)
        return false;
    uint64_t hold_ns =
        rulebook_lacks_rules(assembler->book, path->family) ? HOLD_FIRST_RULES_NS : HOLD_RULES_NS;
    return assembler->now_ns < path->deadline_ns + hold_ns;
}

/* ---- The end of paths ---- */

static bool is_confirmed(const struct assembler *assembler, const struct path_entry *path)
{
    return !path->open && path->joined_at <= confirmation_of(assembler, path->family)->confirmed;
}

/* It cannot wait any longer. Where something speaks for a change it says so; else it is noted when it was,
 * for the look that may yet find one. */
static void leave_unconfirmed(struct assembler *assembler, struct path_entry *path)
{
    uint64_t suspect_ns = rulebook_suspect_since(assembler->book, path->family);
    if (path->open || suspect_ns != 0) {
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
    if (path->open || (assembler->limits.confirm_wait_ns != 0 && !is_confirmed(assembler, path)))
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

/* Hands out those that need not wait any longer, in their order. */
static void release(struct assembler *assembler, bool all)
{
    struct path_store *paths = &assembler->paths;
    while (paths->held && (all || is_confirmed(assembler, paths->held) ||
                           paths->held->held_ns + assembler->limits.confirm_wait_ns <= assembler->now_ns ||
                           paths->held_bytes > assembler->limits.waiting_bytes)) {
        hand_out(assembler, paths->held);
        path_store_remove_held(paths);
    }
}

/* No message can join the path any more. `stopped`: it is ended, whatever may come. */
static void end_path(struct assembler *assembler, struct path_entry *path, bool stopped)
{
    if (path->open && rulebook_suspect_since(assembler->book, path->family) == 0)
        understand_again(assembler, path, UINT64_MAX, false);
    path->end_lost = assembler->lost_ns != 0 && assembler->lost_at >= path->joined_at;
    path->stopped = stopped;
    path->held_ns = assembler->now_ns;
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

/* When there is something to hand out, if nothing comes before; 0: there is nothing. */
static uint64_t wake_of(const struct assembler *assembler)
{
    uint64_t wake_ns = assembler->wake_ns;
    if (assembler->paths.held)
        wake_ns = MIN(wake_ns, assembler->paths.held->held_ns + assembler->limits.confirm_wait_ns);
    return wake_ns == UINT64_MAX ? 0 : wake_ns;
}

uint64_t assembler_tick(struct assembler *assembler, uint64_t now_ns)
{
    uint64_t wake_ns = 0, hold_until_ns = 0;
    assembler->now_ns = now_ns;
    assembler_drained(assembler, assembler->clock.drained_ns);
    release(assembler, false);
    if (assembler->paths.oldest && now_ns < assembler->wake_ns)
        return wake_of(assembler);
    for (struct path_entry *path = assembler->paths.oldest, *newer; path; path = newer) {
        newer = path->newer;
        bool over = path->deadline_ns <= now_ns && !waits_for_rules(assembler, path);
        /* Packets that began later wait for one that is open, but not for ever. */
        uint64_t wake = over ? MIN(hold_until_ns, path->deadline_ns + HOLD_NS) : path->deadline_ns;
        if (over && wake <= now_ns) {
            end_path(assembler, path, false);
            continue;
        }
        wake_ns = wake_ns == 0 || wake < wake_ns ? wake : wake_ns;
        if (!over)
            hold_until_ns = path->opened_ns + HOLD_NS;
    }
    assembler->wake_ns = wake_ns == 0 ? UINT64_MAX : wake_ns;
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
        bool over = path->state == PATH_CLOSED && !path->open &&
                    path->joined_at + SILENCE_CLOSED_MESSAGES <= messages;
        if (over)
            end_path(assembler, path, false);
        else
            older_is_open = path->opened_at + HOLD_MESSAGES > messages;
    }
    assembler->sweep_at = messages + MAX(SWEEP_MESSAGES, assembler->paths.count);
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
    assembler->wake_ns = UINT64_MAX;
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

void assembler_add(struct assembler *assembler, const struct event *event, uint64_t now_ns)
{
    struct arrival arrival;
    assembler->now_ns = now_ns;
    assembler->clock.read_ns = event->received_ns;
    if (event->lost_before > 0)
        assembler_lost(assembler);
    assembler->messages++;
    if (!arrival_read(&arrival, event, assembler->book, &assembler->clock)) {
        assembler->counts.malformed++;
        return;
    }
    arrival.time_is_packets = assembler->equal_times >= EQUAL_TIMES_SURE;
    arrival.rules_may_differ = assembler->limits.confirm_wait_ns != 0 && assembler->lost_ns == 0;
    confirmation_of(assembler, arrival.family)->last = assembler->messages;
    if (arrival.marks.has_time)
        path_store_close_times(&assembler->paths, arrival.marks.time_us * 1000);
    add_arrival(assembler, &arrival);
    if (assembler->messages >= assembler->sweep_at)
        sweep(assembler);
    evict(assembler);
}

void assembler_lost(struct assembler *assembler)
{
    assembler->lost_ns = assembler->now_ns;
    assembler->lost_at = assembler->messages;
    /* What began before the loss before was marked then. */
    for (struct path_entry *path = assembler->paths.newest; path && !path->loss_seen; path = path->older) {
        path->loss_seen = true;
        path->incomplete = path->incomplete || path->state != PATH_CLOSED;
    }
}

void assembler_finish(struct assembler *assembler)
{
    while (assembler->paths.oldest)
        end_path(assembler, assembler->paths.oldest, true);
    release(assembler, true);
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

void assembler_get_counts(const struct assembler *assembler, struct assembler_counts *ret_counts)
{
    *ret_counts = assembler->counts;
}
