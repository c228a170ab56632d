/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watches the rules. */
#include "recorder/watch.h"

#include "recorder/core/ruleset_diff.h"
#include "recorder/lock_watch.h"
#include "recorder/report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define MS             1000000ull
#define SIZES_NS       (500 * MS)
#define DEEP_NS        (2000 * MS)
#define DEEP_BUDGET    100         /* a look at all entries takes at most one part of so many */
#define SETTLE_NS      (1000 * MS) /* longer than this nobody waits for the rules to hold still */
#define HELD_NS        (50 * MS)   /* while somebody has the lock open */
#define DIFF_LINES_MAX 100
/* Rules that never hold still are taken as they are after so many looks, and nothing before them is sure. */
#define CHECKS_MAX 3

/* What a family's watch waits for. */
enum phase {
    PHASE_IDLE,
    PHASE_SIZES,       /* for the sizes */
    PHASE_DEEP,        /* for a look at all entries */
    PHASE_TEXT,        /* for the texts of the tables that changed */
    PHASE_CHECK,       /* for another look, after texts that took long: whether the tables held still */
    PHASE_FIRST,       /* for nothing: the texts of all tables are to be asked for */
    PHASE_FIRST_TEXT,  /* for these, of the tables as the start saw them */
    PHASE_FIRST_CHECK, /* for a look, whether they are still as then */
};

struct family_watch {
    struct agent *agent;
    unsigned version;
    struct ruleset_state state; /* of the last deep look that was taken over */
    bool is_first;              /* nothing was taken over yet: the book has no rules but raw's … */
    struct ruleset_state first; /* … and so the tables were when the recording began */
    unsigned checks_failed;
    enum phase phase;
    struct ruleset_state seen; /* of the deep look that is being taken over */
    GPtrArray *texts;          /* of struct table_text */
    size_t texts_missing;
    bool disturbed;             /* the lock was opened or closed since the look was asked for */
    int openings_settled;       /* of the lock, by those who can have no part in what comes now */
    int openings_asked;         /* when the look was asked for … */
    int holders_asked;          /* … and who had it open then */
    uint64_t asked_ns;          /* when it was */
    uint64_t verified_ns;       /* when the book was last known to be right */
    uint64_t sizes_ns, deep_ns; /* when the next looks are due */
    bool deep_wanted;
};

struct watch {
    struct pipeline *pipeline;
    struct lock_watch lock;
    bool touched; /* somebody else had the lock since the recording began */
    size_t count;
    struct family_watch families[WATCH_FAMILIES_MAX];
};

static void text_free(gpointer pointer)
{
    table_text_done(pointer);
    g_free(pointer);
}

int watch_open(struct watch **ret_watch, struct pipeline *pipeline, struct error *error)
{
    struct watch *watch = g_new0(struct watch, 1);
    watch->pipeline = pipeline;
    int result = lock_watch_open(&watch->lock, clock_realtime_ns(), error);
    if (result < 0) {
        g_free(watch);
        return result;
    }
    *ret_watch = watch;
    return 0;
}

void watch_add_lock(struct watch *watch, const char *path)
{
    lock_watch_add(&watch->lock, path);
}

void watch_add(struct watch *watch, struct agent *agent, const struct ruleset_state *state, bool reads_all)
{
    struct family_watch *family = &watch->families[watch->count++];
    uint64_t now_ns = clock_realtime_ns();
    *family = (struct family_watch){
        .agent = agent,
        .version = agent_family(agent) == AF_INET6 ? 6 : 4,
        .state = *state,
        .texts = g_ptr_array_new_with_free_func(text_free),
        .verified_ns = now_ns,
        .sizes_ns = now_ns + SIZES_NS,
        .deep_ns = now_ns + DEEP_NS,
        .is_first = reads_all,
        .phase = reads_all ? PHASE_FIRST : PHASE_IDLE,
        .first = *state,
        .deep_wanted = reads_all,
    };
    if (reads_all)
        family->state.table_count = 0;
}

bool watch_is_reading(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->families[i].is_first)
            return true;
    return false;
}

bool watch_is_sure(const struct watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        if (rulebook_suspect_since(watch->pipeline->book, watch->families[i].version) != 0)
            return false;
    return true;
}

size_t watch_fds(const struct watch *watch, struct pollfd fds[static WATCH_FDS_MAX])
{
    size_t count = 0;
    fds[count++] = (struct pollfd){.fd = watch->lock.fd, .events = POLLIN};
    for (size_t i = 0; i < watch->count; i++)
        fds[count++] = (struct pollfd){.fd = agent_fd(watch->families[i].agent), .events = POLLIN};
    return count;
}

void watch_close(struct watch *watch)
{
    if (!watch)
        return;
    for (size_t i = 0; i < watch->count; i++)
        g_ptr_array_unref(watch->families[i].texts);
    lock_watch_close(&watch->lock);
    g_free(watch);
}

/* ---- The lock ---- */

static void suspect(struct watch *watch, struct family_watch *family, uint64_t since_ns)
{
    rulebook_suspect(watch->pipeline->book, family->version, since_ns);
    family->disturbed = true;
    family->deep_wanted = true;
}

/* What happened puts all rules under suspicion since the turn before. Returns how much it was. */
static unsigned take_lock_events(struct watch *watch)
{
    uint64_t before_ns = watch->lock.turned_ns;
    unsigned count = lock_watch_turn(&watch->lock, clock_realtime_ns());
    for (size_t i = 0; count > 0 && i < watch->count; i++)
        suspect(watch, &watch->families[i], before_ns);
    return count;
}

void watch_forgive(struct watch *watch, unsigned own_locks)
{
    lock_watch_forgive(&watch->lock, own_locks);
}

void watch_begin(struct watch *watch, unsigned own_locks)
{
    /* An opening and a closing each. */
    watch->touched = take_lock_events(watch) > 2 * own_locks;
    watch_forgive(watch, own_locks);
}

/* ---- Looking ---- */

/* What is taken over is of now, or of later. */
static void begin_look(const struct watch *watch, struct family_watch *family, uint64_t now_ns)
{
    family->asked_ns = now_ns;
    family->disturbed = family->deep_wanted = false;
    family->openings_asked = watch->lock.openings;
    family->holders_asked = (int)watch->lock.holders;
}

static int ask_for_sizes(struct family_watch *family, uint64_t now_ns, struct error *error)
{
    family->phase = PHASE_SIZES;
    family->asked_ns = now_ns;
    family->disturbed = false;
    return agent_request_state(family->agent, false, error);
}

static const struct table_state *find_table(const struct ruleset_state *state, const char *name)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (strcmp(state->tables[i].name, name) == 0)
            return &state->tables[i];
    return NULL;
}

static bool table_differs(const struct ruleset_state *before, const struct table_state *now, bool deep)
{
    const struct table_state *then = find_table(before, now->name);
    if (!then || then->entries != now->entries || then->size != now->size)
        return true;
    return deep && (then->hash != now->hash || then->own_rules != now->own_rules);
}

static void take_sizes(struct watch *watch, struct family_watch *family, const struct ruleset_state *state)
{
    family->phase = PHASE_IDLE;
    family->sizes_ns = family->asked_ns + SIZES_NS;
    bool differs = state->table_count != family->state.table_count;
    for (size_t i = 0; i < state->table_count; i++)
        differs = differs || table_differs(&family->state, &state->tables[i], false);
    if (differs)
        suspect(watch, family, family->verified_ns);
}

/* ---- Taking over ---- */

static void tell_change(struct watch *watch, const struct family_watch *family, const char *table,
                        const struct ruleset *before, const struct ruleset *after)
{
    g_autofree char *message = NULL;
    if (before) {
        struct ruleset_diff diff;
        ruleset_diff_make(before, after, DIFF_LINES_MAX, &diff);
        message = g_strdup_printf("Rules of %s (IPv%u) changed: %zu lines added, %zu removed\n%s", table,
                                  family->version, diff.added, diff.removed, diff.lines->str);
        ruleset_diff_done(&diff);
    } else {
        message = g_strdup_printf("Table %s (IPv%u) appeared", table, family->version);
    }
    report_detail("rules of %s (IPv%u) changed", table, family->version);
    pipeline_add_journal(watch->pipeline, JOURNAL_NOTICE, "rules_changed", message);
}

/* What was in force from the start of the recording until this first look is what was read now, unless the
 * table was another then, or may have been another between the two. */
static bool changed_since_start(const struct watch *watch, const struct family_watch *family,
                                const char *table)
{
    const struct table_state *now = find_table(&family->seen, table);
    return watch->touched || !now || table_differs(&family->first, now, true);
}

static int take_over_text(struct watch *watch, const struct family_watch *family,
                          const struct table_text *text, struct error *error)
{
    struct rulebook *book = watch->pipeline->book;
    enum table table = table_of_name((struct bytes){(const uint8_t *)text->table, strlen(text->table)});
    struct ruleset *before = rulebook_get(book, family->version, table);
    if (before)
        ruleset_ref(before);
    int result = pipeline_put_text(watch->pipeline, family->version, text, family->asked_ns, error);
    const struct ruleset *after = rulebook_get(book, family->version, table);
    bool is_known = before || (family->is_first && find_table(&family->first, text->table));
    if (result == 0 && after && (before ? !ruleset_same_text(before, after) : !is_known))
        tell_change(watch, family, text->table, before, after);
    if (result == 0 && after && family->is_first && !before &&
        changed_since_start(watch, family, text->table))
        rulebook_forget(book, family->version, table, family->asked_ns);
    ruleset_unref(before);
    return result;
}

/* The book is as the tables were when the look was asked for. */
static int take_over(struct watch *watch, struct family_watch *family, uint64_t now_ns, struct error *error)
{
    struct rulebook *book = watch->pipeline->book;
    for (guint i = 0; i < family->texts->len; i++) {
        int result = take_over_text(watch, family, g_ptr_array_index(family->texts, i), error);
        if (result < 0)
            return result;
    }
    g_ptr_array_set_size(family->texts, 0);
    family->state = family->seen;
    family->is_first = false;
    family->phase = PHASE_IDLE;
    family->verified_ns = family->asked_ns;
    uint64_t took_ns = now_ns - family->asked_ns;
    family->deep_ns = now_ns + MAX(DEEP_NS, took_ns * DEEP_BUDGET);
    rulebook_set_tables(book, family->version, ruleset_state_tables(&family->state),
                        rulebook_own_tables(book, family->version));

    /* By what sign the look was asked for tells when the change was at the latest. */
    const struct lock_watch *lock = &watch->lock;
    uint64_t until_ns = lock->closed_ns != 0 && lock->holders == 0 ? MIN(lock->closed_ns, family->asked_ns)
                                                                   : family->asked_ns;
    uint64_t since_ns = rulebook_suspect_since(book, family->version);
    /* Two may have changed something and changed it back, or to what is now by way of something else. */
    if (since_ns != 0 && family->openings_asked - family->openings_settled > 1)
        rulebook_doubt(book, family->version, since_ns, MAX(until_ns, since_ns));
    family->openings_settled =
        family->openings_asked - family->holders_asked; /* who may yet change something */
    rulebook_settle(book, family->version, MAX(until_ns, since_ns));
    assembler_rules_settled(watch->pipeline->assembler, family->version);
    if (family->disturbed || lock->holders > 0)
        suspect(watch, family, family->asked_ns);
    return 0;
}

static void look_again(struct family_watch *family)
{
    g_ptr_array_set_size(family->texts, 0);
    family->phase = PHASE_IDLE;
    family->deep_wanted = true;
}

/* Our own rules are in raw since: what is not ours there has the same hash. */
static bool is_as_at_first(const struct family_watch *family, const struct ruleset_state *state)
{
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_state *now = &state->tables[i], *then = find_table(&family->first, now->name);
        bool is_raw = strcmp(now->name, "raw") == 0;
        if (!then || (is_raw ? then->hash != now->hash : table_differs(&family->first, now, true)))
            return false;
    }
    return true;
}

static int take_first_check(struct watch *watch, struct family_watch *family,
                            const struct ruleset_state *state, uint64_t now_ns, struct error *error)
{
    if (watch->touched || !is_as_at_first(family, state)) {
        look_again(family);
        return 0;
    }
    family->seen = *state;
    return take_over(watch, family, now_ns, error);
}

static int take_check(struct watch *watch, struct family_watch *family, const struct ruleset_state *state,
                      uint64_t now_ns, struct error *error)
{
    bool differs = state->table_count != family->seen.table_count;
    for (size_t i = 0; i < state->table_count; i++)
        differs = differs || table_differs(&family->seen, &state->tables[i], true);
    if (differs && ++family->checks_failed < CHECKS_MAX) {
        look_again(family);
        return 0;
    }
    if (differs) {
        family->first.table_count = 0;
        family->asked_ns = now_ns;
        family->disturbed = true;
    }
    return take_over(watch, family, now_ns, error);
}

static int finish_look(struct watch *watch, struct family_watch *family, uint64_t now_ns, struct error *error)
{
    if (family->is_first) {
        family->phase = family->phase == PHASE_FIRST_TEXT ? PHASE_FIRST_CHECK : PHASE_CHECK;
        return agent_request_state(family->agent, true, error);
    }
    uint64_t since_ns = rulebook_suspect_since(watch->pipeline->book, family->version);
    bool in_time = since_ns == 0 || now_ns - since_ns < SETTLE_NS;
    if (family->disturbed && in_time) {
        /* What was read may be of before or after the next change. */
        look_again(family);
        return 0;
    }
    return take_over(watch, family, now_ns, error);
}

/* Asks for the texts of the tables that are others than those taken over last. */
static int ask_for_texts(struct watch *watch, struct family_watch *family, const struct ruleset_state *state,
                         uint64_t now_ns, struct error *error)
{
    family->seen = *state;
    family->texts_missing = 0;
    for (size_t i = 0; i < state->table_count; i++) {
        if (!table_differs(&family->state, &state->tables[i], true))
            continue;
        /* Found without a sign by the lock: it may have changed since the last look. */
        rulebook_suspect(watch->pipeline->book, family->version, family->verified_ns);
        family->texts_missing++;
        int result = agent_request_text(family->agent, state->tables[i].name, error);
        if (result < 0)
            return result;
    }
    return family->texts_missing == 0 ? finish_look(watch, family, now_ns, error) : 0;
}

static int take_deep(struct watch *watch, struct family_watch *family, const struct ruleset_state *state,
                     uint64_t now_ns, struct error *error)
{
    family->phase = PHASE_TEXT;
    return ask_for_texts(watch, family, state, now_ns, error);
}

/* The start has looked at all entries just now, and the check will: another look between the two costs a
 * large table's reading once more. */
static int read_first(struct watch *watch, struct family_watch *family, uint64_t now_ns, struct error *error)
{
    begin_look(watch, family, now_ns);
    family->phase = PHASE_FIRST_TEXT;
    return ask_for_texts(watch, family, &family->first, now_ns, error);
}

static int take_text(struct watch *watch, struct family_watch *family, struct agent_reply *reply,
                     uint64_t now_ns, struct error *error)
{
    struct table_text *text = g_new(struct table_text, 1);
    *text = reply->text;
    reply->text = (struct table_text){0};
    g_ptr_array_add(family->texts, text);
    return --family->texts_missing == 0 ? finish_look(watch, family, now_ns, error) : 0;
}

static int take_reply(struct watch *watch, struct family_watch *family, struct agent_reply *reply,
                      uint64_t now_ns, struct error *error)
{
    if (reply->result < 0) {
        /* A table may be gone, or busy: look again at the next turn of the clock. */
        report_detail("%s", reply->error.text);
        family->phase = PHASE_IDLE;
        family->deep_ns = now_ns + SIZES_NS;
        g_ptr_array_set_size(family->texts, 0);
        return 0;
    }
    bool is_text = reply->kind == AGENT_REPLY_TEXT;
    bool wants_text = family->phase == PHASE_TEXT || family->phase == PHASE_FIRST_TEXT;
    if (is_text != wants_text)
        return 0; /* of a look that was given up */
    switch (family->phase) {
    case PHASE_SIZES:
        take_sizes(watch, family, &reply->state);
        return 0;
    case PHASE_DEEP:
        return take_deep(watch, family, &reply->state, now_ns, error);
    case PHASE_TEXT:
    case PHASE_FIRST_TEXT:
        return take_text(watch, family, reply, now_ns, error);
    case PHASE_CHECK:
        return take_check(watch, family, &reply->state, now_ns, error);
    case PHASE_FIRST_CHECK:
        return take_first_check(watch, family, &reply->state, now_ns, error);
    case PHASE_IDLE:
    case PHASE_FIRST:
        break; /* likewise */
    }
    return 0;
}

/* ---- A turn ---- */

static int turn_family(struct watch *watch, struct family_watch *family, struct error *error)
{
    struct agent_reply reply;
    int result;
    while ((result = agent_receive(family->agent, &reply, error)) == 0) {
        result = take_reply(watch, family, &reply, clock_realtime_ns(), error);
        agent_reply_done(&reply);
        if (result < 0)
            return result;
    }
    if (result != -EAGAIN)
        return result;
    uint64_t now_ns = clock_realtime_ns();
    if (family->phase == PHASE_FIRST)
        return read_first(watch, family, now_ns, error);
    if (family->phase != PHASE_IDLE)
        return 0;
    bool held = watch->lock.holders > 0 && now_ns - family->asked_ns < HELD_NS;
    if ((family->deep_wanted && !held) || now_ns >= family->deep_ns) {
        begin_look(watch, family, now_ns);
        family->phase = PHASE_DEEP;
        return agent_request_state(family->agent, true, error);
    }
    if (now_ns >= family->sizes_ns)
        return ask_for_sizes(family, now_ns, error);
    return 0;
}

int watch_turn(struct watch *watch, struct error *error)
{
    watch->touched |= take_lock_events(watch) > 0;
    for (size_t i = 0; i < watch->count; i++) {
        int result = turn_family(watch, &watch->families[i], error);
        if (result < 0)
            return result;
    }
    return 0;
}
