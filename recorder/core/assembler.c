/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts the messages of one packet together into its path. */
#include "recorder/core/assembler.h"

#include "recorder/core/annotate.h"
#include "recorder/core/path.h"

#include <string.h>

#define MS 1000000ull /* nanoseconds */

/* How long a path may be silent before it is taken to have ended. Gaps within a path were at most 123 µs in
 * 300 000. */
#define SILENCE_CLOSED_NS   (5 * MS)     /* ended; copies may still begin from it */
#define SILENCE_ACCEPTED_NS (50 * MS)    /* every table that must speak has; nat may */
#define SILENCE_NS          (200 * MS)   /* a table must speak and does not */
#define SILENCE_QUEUED_NS   (30000 * MS) /* with a program behind NFQUEUE */
#define HOLD_NS             (100 * MS) /* how long finished packets wait for an open one that began before them */

#define HOLD_RULES_NS                                                                                        \
    (2000 * MS) /* how long a finished one waits for rules that may be changing to be read */

/* Messages of one packet are often made within one microsecond, but hardly that many in a row. */
#define EQUAL_TIMES_SURE 32

#define STEPS_MAX       1024 /* messages kept of one path: an NF_REPEAT loop made 480 000 */
#define OPEN_PATHS_MAX  65536
#define OPEN_BYTES_MAX  (24u << 20)
#define SPARE_PATHS_MAX 1024
#define SPARE_LOG_MAX   8192 /* memory of a log that is kept for the next path */

/* A busy reader finds the socket empty seldom, and until then no time passes. But one queue takes all
 * messages of the kernel, one after the other, and none in less than half a microsecond: behind so many there
 * has been silence of milliseconds, whatever the reader does. */
#define SILENCE_CLOSED_MESSAGES 4096
#define HOLD_MESSAGES           65536
#define SWEEP_MESSAGES          1024

struct assembler {
    const struct rulebook *book;
    assembler_emit_fn *emit;
    void *user;
    struct assembler_limits limits;
    GHashTable *open;                   /* key → ring of paths by next_same_key */
    struct path_entry *oldest, *newest; /* all paths, open or closed */
    struct path_entry *spare;           /* by next_same_key: kept for their memory */
    uint32_t path_count, spare_count, queued_count;
    uint32_t untimed;     /* paths with `time_open` */
    uint32_t equal_times; /* messages in a row that had the time of their path's last one */
    size_t bytes;
    uint64_t now_ns;
    uint64_t lost_ns;    /* when messages were last lost; 0: never */
    uint64_t lost_at;    /* likewise, the number of messages taken in before */
    uint64_t read_ns;    /* when the last message was read, since the epoch */
    uint64_t drained_ns; /* likewise, of the last before the source was empty */
    uint64_t stream_ns;  /* the latest time that a message had */
    uint64_t messages;   /* taken in */
    uint64_t sweep_at;   /* after so many messages it is time to look for paths that have ended */
    uint64_t wake_ns;    /* before, no path can be handed out for its silence */
    struct assembler_counts counts;
};

/* ---- Paths and where they are kept ---- */

static struct path_entry *path_list(struct assembler *assembler, uint64_t key)
{
    return g_hash_table_lookup(assembler->open, &key);
}

/* The list is a ring, of which the table has the head: paths that were joined last come first, closed ones
 * last. So what a message can belong to stands at its beginning, however many look the same. */
static void index_path(struct assembler *assembler, struct path_entry *path, bool first)
{
    struct path_entry *head = path_list(assembler, path->key);
    path->next_same_key = head ? head : path;
    path->previous_same_key = head ? head->previous_same_key : path;
    path->previous_same_key->next_same_key = path;
    path->next_same_key->previous_same_key = path;
    if (first || !head)
        g_hash_table_replace(assembler->open, &path->key, path);
}

static void unindex_path(struct assembler *assembler, struct path_entry *path)
{
    struct path_entry *next = path->next_same_key;
    path->previous_same_key->next_same_key = next;
    next->previous_same_key = path->previous_same_key;
    if (next == path)
        g_hash_table_remove(assembler->open, &path->key);
    else if (path_list(assembler, path->key) == path)
        g_hash_table_replace(assembler->open, &next->key, next);
}

static void reindex_path(struct assembler *assembler, struct path_entry *path)
{
    bool first = path->state != PATH_CLOSED;
    if (path->next_same_key == path || (first && path_list(assembler, path->key) == path))
        return;
    unindex_path(assembler, path);
    index_path(assembler, path, first);
}

static struct path_entry *path_take_memory(struct assembler *assembler)
{
    struct path_entry *path = assembler->spare;
    struct message_log *log;
    if (path) {
        assembler->spare = path->next_same_key;
        assembler->spare_count--;
        log = path->log;
    } else {
        path = g_new(struct path_entry, 1);
        log = message_log_new();
    }
    memset(path, 0, sizeof *path);
    path->log = log;
    return path;
}

static void path_give_memory(struct assembler *assembler, struct path_entry *path)
{
    message_log_clear(path->log);
    if (assembler->spare_count == SPARE_PATHS_MAX || message_log_memory(path->log) > SPARE_LOG_MAX) {
        message_log_free(path->log);
        g_free(path);
        return;
    }
    path->next_same_key = assembler->spare;
    assembler->spare = path;
    assembler->spare_count++;
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
    struct path_entry *path = path_take_memory(assembler);
    path->key = arrival->key;
    path->family = arrival->family;
    path->protocol = arrival->packet.protocol;
    path->source = source_of(&arrival->packet);
    path->first_number = arrival->event->message.number;
    path->opened_ns = assembler->now_ns;
    path->opened_at = assembler->messages;
    path->time_open = !arrival->marks.has_time;
    path->time_ns = path->time_open ? arrival->event->received_ns : arrival->marks.time_us * 1000;
    assembler->untimed += path->time_open;
    path->older = assembler->newest;
    if (assembler->newest)
        assembler->newest->newer = path;
    else
        assembler->oldest = path;
    assembler->newest = path;
    assembler->path_count++;
    index_path(assembler, path, true);
    return path;
}

static void path_remove(struct assembler *assembler, struct path_entry *path)
{
    assembler->untimed -= path->time_open;
    unindex_path(assembler, path);
    if (path->older)
        path->older->newer = path->newer;
    else
        assembler->oldest = path->newer;
    if (path->newer)
        path->newer->older = path->older;
    else
        assembler->newest = path->older;
    assembler->path_count--;
    assembler->bytes -= message_log_size(path->log);
    if (path->visit.state == VISIT_QUEUED)
        assembler->queued_count--;
    path_give_memory(assembler, path);
}

/* ---- A message joins a path ---- */

static uint64_t silence_allowed(const struct assembler *assembler, const struct path_entry *path)
{
    const struct visit *visit = &path->visit;
    if (visit->state == VISIT_QUEUED)
        return SILENCE_QUEUED_NS;
    if (path_is_final(path, assembler->book))
        return SILENCE_CLOSED_NS;
    if (visit->state == VISIT_ACCEPTED && rulebook_knows_tables(assembler->book, path->family) &&
        spot_expects(visit->spot, rulebook_tables(assembler->book, path->family)) == EXPECT_MAYBE)
        return SILENCE_ACCEPTED_NS;
    return SILENCE_NS;
}

static void keep_message(struct assembler *assembler, struct path_entry *path, const struct arrival *arrival)
{
    size_t before = message_log_size(path->log);
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
    assembler->bytes += message_log_size(path->log) - before;
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
    return goes_on || meaning->action == ACTION_MAYBE || meaning->action == ACTION_QUEUE;
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
    path->changing = may_change(&arrival->annotation.meaning);
    path->marks = arrival->marks;
    path->devices = arrival->devices;
    path->deadline_ns = assembler->now_ns + silence_allowed(assembler, path);
    path->joined_at = assembler->messages;
    assembler->wake_ns = MIN(assembler->wake_ns, path->deadline_ns);
    if (path_is_final(path, assembler->book))
        path->state = PATH_CLOSED;
    reindex_path(assembler, path);
    assembler->queued_count += (path->visit.state == VISIT_QUEUED) - was_queued;
}

/* ---- Finding the path ---- */

/* A copy: the first hooks were crossed once, this one and the later ones by each copy. */
static struct path_entry *path_open_copy(struct assembler *assembler, struct path_entry *origin,
                                         const struct arrival *arrival)
{
    struct path_entry *path = path_open(assembler, arrival);
    uint32_t shared = origin->hook_begin[arrival->annotation.spot.hook] - 1;
    struct message_log_iterator iterator;
    message_log_begin(origin->log, &iterator);
    for (uint32_t i = 0; i < shared && message_log_next(&iterator); i++) {
        message_log_add(path->log, &iterator.event, iterator.annotation);
        if (iterator.annotation->spot.table == TABLE_FILTER)
            path->filter_end = i + 1;
    }
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
        if (origin->hook_begin[hook] != 0 && origin->hook_begin[hook] <= shared)
            path->hook_begin[hook] = origin->hook_begin[hook];
    assembler->bytes += message_log_size(path->log);
    path->messages = shared;
    path->history = origin->history;
    assembler->untimed -= path->time_open;
    path->time_open = false;
    path->time_ns = origin->time_ns;
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
    for (struct path_entry *path = assembler->oldest; path && left > 0; path = path->newer) {
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

static void join_loosely(struct assembler *assembler, struct path_entry *path, struct arrival *arrival)
{
    bool same_table = spot_equal(path->visit.spot, arrival->annotation.spot);
    if (same_table)
        /* Other rules than ours, or a message that is missing. */
        arrival->annotation.stale =
            arrival->annotation.stale || (arrival->annotation.ruleset && !path->incomplete);
    else
        path->incomplete = true;
    path_join(assembler, path, arrival, !same_table);
    if (same_table)
        path->visit.known = false;
}

/* Messages of OUTPUT have no time, but the times of the others never decrease in stream order: what came
 * before this one happened before it. */
static void close_times(struct assembler *assembler, const struct arrival *arrival)
{
    uint64_t time_ns = arrival->marks.time_us * 1000;
    for (struct path_entry *path = assembler->newest; path && assembler->untimed > 0; path = path->older) {
        if (!path->time_open)
            continue;
        path->time_open = false;
        path->time_ns = MIN(path->time_ns, time_ns);
        assembler->untimed--;
    }
}

static void add_arrival(struct assembler *assembler, struct arrival *arrival)
{
    struct path_entry *list = path_list(assembler, arrival->key);
    table_set exist =
        arrival->tables_known ? arrival->exist : 1u << TABLE_RAW | 1u << arrival->annotation.spot.table;
    enum fit fit = FIT_NONE;
    struct path_entry *path = path_choose(list, arrival, false, &fit);
    bool begins = spot_begins_path(arrival->annotation.spot, exist);
    if (path) {
        /* Sent through the first table again, or another packet that begins there? */
        path->ambiguous = path->ambiguous || (begins && fit == FIT_REPEATED);
        path_join(assembler, path, arrival,
                  !spot_equal(path->visit.spot, arrival->annotation.spot) || fit == FIT_REPEATED);
        return;
    }
    if (begins) {
        path = path_open(assembler, arrival);
        path_mark_mistakable(list, path, arrival);
        path_join(assembler, path, arrival, true);
        return;
    }
    if ((path = path_choose_origin(list, arrival))) {
        path_join(assembler, path_open_copy(assembler, path, arrival), arrival, true);
        return;
    }
    if (assembler->queued_count > 0 && (path = choose_queued(assembler, arrival))) {
        unindex_path(assembler, path);
        path->key = arrival->key;
        index_path(assembler, path, true);
        path_join(assembler, path, arrival, true);
        return;
    }
    if ((path = path_choose(list, arrival, true, &fit))) {
        join_loosely(assembler, path, arrival);
        return;
    }
    path = path_open(assembler, arrival);
    path->incomplete = true;
    assembler->counts.orphans++;
    path_join(assembler, path, arrival, true);
}

/* ---- Understanding a message ---- */

static uint32_t message_device(const struct message *message, unsigned type)
{
    uint64_t index = 0;
    message_get_uint(message, type, 0, 4, &index);
    return (uint32_t)index;
}

static void read_marks(const struct message *message, const struct packet *packet, struct marks *ret_marks)
{
    uint64_t mark = 0;
    *ret_marks = (struct marks){.ttl = packet->ttl, .dst_length = (uint8_t)packet->dst.length};
    ret_marks->has_time = message_get_time_us(message, &ret_marks->time_us);
    message_get_uint(message, MESSAGE_MARK, 0, 4, &mark);
    ret_marks->mark = (uint32_t)mark;
    if (packet->dst.length > 0)
        memcpy(ret_marks->dst, packet->dst.data, packet->dst.length);
}

#define READING_NS (1 * MS) /* the time of reading is taken once for several messages */

/* The kernel's time is that of the message, or of the packet's arrival, a little earlier. A message without
 * one came after the time of any message before it, and after the source was read empty before it. */
static void set_times(struct assembler *assembler, struct arrival *arrival)
{
    if (arrival->marks.has_time)
        assembler->stream_ns = MAX(assembler->stream_ns, arrival->marks.time_us * 1000);
    uint64_t from_ns = arrival->marks.has_time ? arrival->marks.time_us * 1000
                                               : MAX(assembler->stream_ns, assembler->drained_ns);
    arrival->annotation.from_ns = from_ns;
    arrival->annotation.to_ns = MAX(from_ns, arrival->event->received_ns + READING_NS);
}

/* False where it is a message of no table, hook or family that we know. */
static bool read_arrival(struct assembler *assembler, const struct event *event, struct arrival *arrival)
{
    const struct message *message = &event->message;
    struct prefix prefix;
    uint64_t hook;
    *arrival = (struct arrival){.event = event};
    if (!prefix_parse(message_get_prefix(message), &prefix) ||
        !message_get_uint(message, MESSAGE_PACKET_HEADER, 2, 1, &hook) || hook >= HOOK_COUNT)
        return false;
    arrival->annotation.spot = (struct spot){(enum hook)hook, table_of_name(prefix.table)};
    if (arrival->annotation.spot.table == TABLE_COUNT ||
        table_place(arrival->annotation.spot.table, (enum hook)hook) == 0)
        return false;
    packet_parse(message->attribute[MESSAGE_PAYLOAD], &arrival->packet);
    arrival->family = message->family == 10 ? 6 : 4;
    arrival->chain = prefix.chain;
    arrival->key = packet_key(&arrival->packet);
    arrival->devices = (struct devices){
        message_device(message, MESSAGE_IN),
        message_device(message, MESSAGE_OUT),
        message_device(message, MESSAGE_PHYSIN),
        message_device(message, MESSAGE_PHYSOUT),
    };
    arrival->exist = rulebook_tables(assembler->book, arrival->family);
    arrival->time_is_packets = assembler->equal_times >= EQUAL_TIMES_SURE;
    arrival->tables_known = rulebook_knows_tables(assembler->book, arrival->family);
    read_marks(message, &arrival->packet, &arrival->marks);
    set_times(assembler, arrival);
    annotate(assembler->book, arrival->family, &prefix, event, &arrival->annotation);
    return true;
}

/* ---- Rules changed meanwhile ---- */

/* The path's messages as they are understood now. */
static void understand_again(struct assembler *assembler, struct path_entry *path, bool force)
{
    bool was_queued = path->visit.state == VISIT_QUEUED;
    path_annotate_again(path, assembler->book, force);
    assembler->queued_count += (path->visit.state == VISIT_QUEUED) - was_queued;
}

void assembler_rules_settled(struct assembler *assembler, unsigned family)
{
    for (struct path_entry *path = assembler->oldest; path; path = path->newer) {
        if (path->family != family || !path->open)
            continue;
        understand_again(assembler, path, false);
        if (path->state == PATH_CLOSED)
            continue;
        path->deadline_ns = assembler->now_ns + silence_allowed(assembler, path);
        if (path_is_final(path, assembler->book))
            path->state = PATH_CLOSED;
    }
}

/* Its end can wait until it is known what its messages mean. */
static bool waits_for_rules(const struct assembler *assembler, const struct path_entry *path)
{
    return path->open && rulebook_suspect_since(assembler->book, path->family) != 0 &&
           assembler->now_ns < path->deadline_ns + HOLD_RULES_NS;
}

/* ---- The end of paths ---- */

static void emit(struct assembler *assembler, struct path_entry *path, bool stopped)
{
    if (path->open)
        understand_again(assembler, path, true);
    path->end_lost = assembler->lost_ns != 0 && assembler->lost_at >= path->joined_at;
    bool cut_short = stopped && !path_is_final(path, assembler->book);
    struct path_end end = path_verdict(path, assembler->book, stopped);
    if (cut_short && end.reason == REASON_LOST)
        path->incomplete = true;
    struct finished_path finished = {
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
    assembler->counts.incomplete += path->incomplete;
    assembler->counts.ambiguous += path->ambiguous;
    assembler->counts.copies += path->copy;
    assembler->emit(assembler->user, &finished);
    path_remove(assembler, path);
}

static void evict(struct assembler *assembler)
{
    while (assembler->path_count > assembler->limits.open_paths ||
           assembler->bytes > assembler->limits.bytes) {
        assembler->counts.evicted += assembler->oldest->state == PATH_OPEN;
        emit(assembler, assembler->oldest, true);
    }
}

uint64_t assembler_tick(struct assembler *assembler, uint64_t now_ns)
{
    uint64_t wake_ns = 0, hold_until_ns = 0;
    assembler->now_ns = now_ns;
    assembler->drained_ns = assembler->read_ns;
    if (assembler->oldest && now_ns < assembler->wake_ns)
        return assembler->wake_ns;
    for (struct path_entry *path = assembler->oldest, *newer; path; path = newer) {
        newer = path->newer;
        bool over = path->deadline_ns <= now_ns && !waits_for_rules(assembler, path);
        /* Packets that began later wait for one that is open, but not for ever. */
        uint64_t wake = over ? MIN(hold_until_ns, path->deadline_ns + HOLD_NS) : path->deadline_ns;
        if (over && wake <= now_ns) {
            emit(assembler, path, false);
            continue;
        }
        wake_ns = wake_ns == 0 || wake < wake_ns ? wake : wake_ns;
        if (!over)
            hold_until_ns = path->opened_ns + HOLD_NS;
    }
    assembler->wake_ns = wake_ns == 0 ? UINT64_MAX : wake_ns;
    return wake_ns;
}

/* Hands out the paths whose end is known and that many messages have followed. Never more than one look at a
 * path for a message, however many are open. */
static void sweep(struct assembler *assembler)
{
    uint64_t messages = assembler->messages;
    bool older_is_open = false;
    for (struct path_entry *path = assembler->oldest, *newer; path && !older_is_open; path = newer) {
        newer = path->newer;
        bool over = path->state == PATH_CLOSED && !path->open &&
                    path->joined_at + SILENCE_CLOSED_MESSAGES <= messages;
        if (over)
            emit(assembler, path, false);
        else
            older_is_open = path->opened_at + HOLD_MESSAGES > messages;
    }
    assembler->sweep_at = messages + MAX(SWEEP_MESSAGES, assembler->path_count);
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
    assembler->emit = emit_fn;
    assembler->user = user;
    assembler->open = g_hash_table_new(g_int64_hash, g_int64_equal);
    assembler->wake_ns = UINT64_MAX;
    assembler->sweep_at = SWEEP_MESSAGES;
    return assembler;
}

void assembler_free(struct assembler *assembler)
{
    if (!assembler)
        return;
    while (assembler->oldest)
        path_remove(assembler, assembler->oldest);
    while (assembler->spare) {
        struct path_entry *path = assembler->spare;
        assembler->spare = path->next_same_key;
        message_log_free(path->log);
        g_free(path);
    }
    g_hash_table_destroy(assembler->open);
    g_free(assembler);
}

void assembler_add(struct assembler *assembler, const struct event *event, uint64_t now_ns)
{
    struct arrival arrival;
    assembler->now_ns = now_ns;
    assembler->read_ns = event->received_ns;
    if (event->lost_before > 0)
        assembler_lost(assembler);
    assembler->messages++;
    if (!read_arrival(assembler, event, &arrival)) {
        assembler->counts.malformed++;
        return;
    }
    if (arrival.marks.has_time)
        close_times(assembler, &arrival);
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
    for (struct path_entry *path = assembler->newest; path && !path->loss_seen; path = path->older) {
        path->loss_seen = true;
        path->incomplete = path->incomplete || path->state == PATH_OPEN;
    }
}

void assembler_finish(struct assembler *assembler)
{
    while (assembler->oldest)
        emit(assembler, assembler->oldest, true);
}

void assembler_get_counts(const struct assembler *assembler, struct assembler_counts *ret_counts)
{
    *ret_counts = assembler->counts;
}
