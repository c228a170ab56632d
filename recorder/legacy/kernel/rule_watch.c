/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether a family's rules are still those in the rulebook. */
#include "recorder/legacy/kernel/rule_watch.h"

#include <glib.h>
#include <string.h>

#define MS            1000000ull
#define GAP_NS        (10 * MS)   /* at least, between looks while packets wait … */
#define IDLE_NS       (2000 * MS) /* … and while none do */
#define SIZES_NS      (20 * MS)   /* between looks at the sizes while packets wait … */
#define SIZES_IDLE_NS (500 * MS)  /* … and while none do, or after a failure */
#define HELD_NS       (50 * MS)   /* a look waits so long for those who have the lock open */
#define BUSY_PART     25          /* looks take one part of so many of the time while packets wait … */
#define IDLE_PART     100         /* … and of so many while none do */
/* Rules that never hold still are taken as they are after so many looks, and nothing of that time is sure. */
#define CHECKS_MAX 3

void rule_watch_init(struct rule_watch *watch, const struct ruleset_state *known, struct moment read,
                     bool reads_all)
{
    *watch = (struct rule_watch){
        .known = *known,
        .verified_ns = read.realtime_ns,
        .seen_ns = read.realtime_ns,
        .asked = read,
        .done = read,
        .is_urgent = true,
    };
    if (!reads_all)
        return;
    watch->is_first = true;
    watch->seen = *known;
    watch->known.table_count = 0;
    watch->wanted = (uint16_t)((1u << known->table_count) - 1);
    watch->phase = RULE_WATCH_TEXTS;
}

/* ---- What to ask for ---- */

static struct monotonic entries_due(const struct rule_watch *watch, bool packets_wait)
{
    if (watch->is_urgent)
        return watch->done.monotonic;
    bool busy = packets_wait || watch->signed_ns != 0;
    uint64_t gap_ns = busy ? MAX(GAP_NS, watch->looks_ns * (BUSY_PART - 1))
                           : MAX(IDLE_NS, watch->looks_ns * (IDLE_PART - 1));
    struct monotonic due = monotonic_after(watch->done.monotonic, gap_ns);
    return watch->lock.holders > 0 ? monotonic_later(due, monotonic_after(watch->asked.monotonic, HELD_NS))
                                   : due;
}

static struct monotonic sizes_due(const struct rule_watch *watch, bool packets_wait)
{
    return monotonic_after(watch->sizes_at, packets_wait ? SIZES_NS : SIZES_IDLE_NS);
}

struct monotonic rule_watch_due(const struct rule_watch *watch, bool packets_wait)
{
    if (watch->phase == RULE_WATCH_TEXTS && watch->texts_missing == 0)
        return watch->retry_at;
    if (watch->phase != RULE_WATCH_IDLE)
        return MONOTONIC_NEVER;
    return monotonic_earlier(entries_due(watch, packets_wait), sizes_due(watch, packets_wait));
}

enum rule_watch_wish rule_watch_wish(const struct rule_watch *watch, struct moment now, bool packets_wait)
{
    if (monotonic_is_before(now.monotonic, rule_watch_due(watch, packets_wait)))
        return RULE_WATCH_WANTS_NOTHING;
    if (watch->phase == RULE_WATCH_TEXTS)
        return watch->wanted != 0 ? RULE_WATCH_WANTS_TEXTS : RULE_WATCH_WANTS_ENTRIES;
    return monotonic_is_before(now.monotonic, entries_due(watch, packets_wait)) ? RULE_WATCH_WANTS_SIZES
                                                                                : RULE_WATCH_WANTS_ENTRIES;
}

void rule_watch_asked(struct rule_watch *watch, enum rule_watch_wish wish, struct moment now, uint64_t mark)
{
    switch (wish) {
    case RULE_WATCH_WANTS_NOTHING:
        return;
    case RULE_WATCH_WANTS_TEXTS:
        watch->texts_missing = (unsigned)__builtin_popcount(watch->wanted);
        watch->wanted = 0;
        return;
    case RULE_WATCH_WANTS_SIZES:
        watch->phase = RULE_WATCH_SIZES;
        watch->sizes_at = now.monotonic;
        return;
    case RULE_WATCH_WANTS_ENTRIES:
        if (watch->phase == RULE_WATCH_IDLE)
            watch->looks_ns = 0;
        watch->phase = watch->phase == RULE_WATCH_IDLE ? RULE_WATCH_ENTRIES : RULE_WATCH_CHECK;
        watch->is_urgent = false;
        watch->asked = now;
        watch->asked_mark = mark;
        watch->openings_asked = watch->lock.openings;
        watch->holders_asked = (int)watch->lock.holders;
        watch->signed_later_ns = 0;
        return;
    }
}

void rule_watch_hurry(struct rule_watch *watch)
{
    watch->is_urgent = true;
}

/* ---- The lock ---- */

void rule_watch_take_lock(struct rule_watch *watch, const struct lock_state *lock, uint64_t since_ns)
{
    watch->lock = *lock;
    if (watch->signed_ns == 0)
        watch->signed_ns = since_ns;
    if (watch->signed_later_ns == 0)
        watch->signed_later_ns = since_ns;
}

void rule_watch_take_sign(struct rule_watch *watch)
{
    if (watch->signed_ns == 0)
        watch->signed_ns = watch->verified_ns;
    if (watch->signed_later_ns == 0)
        watch->signed_later_ns = watch->asked.realtime_ns;
}

/* Who may have had a part in what was found: those who had the lock since the last look that settled
 * anything. Two may have changed something and changed it back, or to what is now by way of something else.
 * Where that was seen nobody need have had the lock. */
static void judge_doubt(struct rule_watch *watch, uint64_t to_ns)
{
    watch->had_others = watch->saw_others;
    watch->saw_others = watch->is_unread = false;
    watch->glimpse.table_count = 0;
    watch->has_doubt = watch->had_others || watch->lock.openings - watch->openings_settled > 1;
    watch->doubt.from_ns = watch->signed_ns != 0 ? watch->signed_ns : watch->verified_ns;
    watch->doubt.to_ns = MAX(to_ns, watch->doubt.from_ns);
    watch->openings_settled = watch->openings_asked - watch->holders_asked;
    watch->signed_ns = watch->signed_later_ns;
    if (watch->signed_ns == 0 && watch->lock.holders > 0)
        watch->signed_ns = watch->asked.realtime_ns;
}

/* ---- Answers ---- */

static const struct table_state *find_table(const struct ruleset_state *state, const char *name)
{
    for (size_t i = 0; i < state->table_count; i++)
        if (strcmp(state->tables[i].name, name) == 0)
            return &state->tables[i];
    return NULL;
}

static bool has_same_size(const struct ruleset_state *known, const struct table_state *now)
{
    const struct table_state *then = find_table(known, now->name);
    return then && then->entries == now->entries && then->size == now->size;
}

/* Entries that are not ours are the same: the hash has them all, in their order. */
static bool has_same_entries(const struct ruleset_state *known, const struct table_state *now)
{
    const struct table_state *then = find_table(known, now->name);
    return then && then->hash == now->hash;
}

/* Tables of the same names that are the same, by what `is_same` compares. */
static bool has_same_tables(const struct ruleset_state *then, const struct ruleset_state *now,
                            bool (*is_same)(const struct ruleset_state *, const struct table_state *))
{
    bool same = then->table_count == now->table_count;
    for (size_t i = 0; same && i < now->table_count; i++)
        same = is_same(then, &now->tables[i]);
    return same;
}

static bool is_same_table(const struct ruleset_state *known, const struct table_state *now)
{
    const struct table_state *then = find_table(known, now->name);
    return then && then->hash == now->hash && then->own_rules == now->own_rules;
}

static uint16_t tables_that_differ(const struct ruleset_state *known, const struct ruleset_state *now)
{
    uint16_t differ = 0;
    for (size_t i = 0; i < now->table_count; i++)
        if (!is_same_table(known, &now->tables[i]))
            differ |= (uint16_t)(1u << i);
    return differ;
}

static void become_idle(struct rule_watch *watch, struct moment now)
{
    watch->phase = RULE_WATCH_IDLE;
    watch->done = now;
    watch->sizes_at = now.monotonic;
    watch->checks_failed = 0;
}

/* The rules are not the book's: until they have been read no step is sure. */
static enum rule_watch_found take_difference(struct rule_watch *watch)
{
    if (watch->signed_ns != 0)
        return RULE_WATCH_FOUND_NOTHING;
    watch->signed_ns = watch->verified_ns;
    return RULE_WATCH_FOUND_SIGN;
}

/* Where sizes differed before, they were those of other rules unless they are the same now. */
static void compare_with_glimpse(struct rule_watch *watch, const struct ruleset_state *state)
{
    if (watch->glimpse.table_count > 0 && !has_same_tables(&watch->glimpse, state, has_same_size))
        watch->saw_others = true;
}

static enum rule_watch_found take_sizes(struct rule_watch *watch, const struct ruleset_state *state)
{
    watch->phase = RULE_WATCH_IDLE;
    compare_with_glimpse(watch, state);
    if (has_same_tables(&watch->known, state, has_same_size))
        return RULE_WATCH_FOUND_NOTHING;
    watch->glimpse = *state;
    return take_difference(watch);
}

/* The book is right: nothing between the last look and this one speaks against it. */
static void verify(struct rule_watch *watch)
{
    watch->verified_ns = watch->asked.realtime_ns;
    watch->mark = watch->asked_mark;
}

static void begin_reading(struct rule_watch *watch, const struct ruleset_state *state, struct moment now,
                          const struct ruleset_state *read)
{
    watch->wanted = tables_that_differ(read, state);
    watch->texts_missing = 0;
    watch->misread = 0;
    watch->seen = *state;
    watch->seen_ns = now.realtime_ns;
    watch->phase = RULE_WATCH_TEXTS;
}

static enum rule_watch_found take_entries(struct rule_watch *watch, const struct ruleset_state *state,
                                          struct moment now)
{
    bool is_gone = state->table_count < watch->known.table_count;
    compare_with_glimpse(watch, state);
    if (watch->is_unread && !has_same_tables(&watch->seen, state, has_same_entries))
        watch->saw_others = true;
    if (is_gone || tables_that_differ(&watch->known, state) != 0) {
        begin_reading(watch, state, now, &watch->known);
        /* Our own rules may come and go. */
        return has_same_tables(&watch->known, state, has_same_entries) ? RULE_WATCH_FOUND_NOTHING
                                                                       : take_difference(watch);
    }
    watch->known = *state;
    judge_doubt(watch, watch->asked.realtime_ns);
    verify(watch);
    become_idle(watch, now);
    return RULE_WATCH_FOUND_SAME;
}

/* At the first reading our own rules may have gone in since the tables were seen. */
static bool held_still(const struct rule_watch *watch, const struct ruleset_state *state)
{
    if (state->table_count < watch->seen.table_count)
        return false;
    for (size_t i = 0; i < state->table_count; i++) {
        const struct table_state *now = &state->tables[i];
        bool is_raw_of_ours = watch->is_first && strcmp(now->name, "raw") == 0 &&
                              (has_same_entries(&watch->seen, now) || !find_table(&watch->seen, now->name));
        if (!is_raw_of_ours && !is_same_table(&watch->seen, now))
            return false;
    }
    return true;
}

static enum rule_watch_found take_check(struct rule_watch *watch, const struct ruleset_state *state,
                                        struct moment now)
{
    bool is_still = watch->misread == 0 && held_still(watch, state);
    if (!watch->is_first && (watch->misread != 0 || !has_same_tables(&watch->seen, state, has_same_entries)))
        watch->saw_others = true;
    if (!is_still && ++watch->checks_failed < CHECKS_MAX) {
        struct ruleset_state read = watch->seen;
        for (size_t i = 0; i < read.table_count; i++)
            if (watch->misread >> i & 1)
                read.tables[i].name[0] = '\0'; /* nothing of it has been read */
        begin_reading(watch, state, now, &read);
        return RULE_WATCH_FOUND_NOTHING;
    }
    watch->change.from_ns = watch->verified_ns;
    watch->change.to_ns = MAX(is_still ? watch->seen_ns : now.realtime_ns, watch->change.from_ns);
    judge_doubt(watch, is_still ? watch->asked.realtime_ns : now.realtime_ns);
    watch->former = watch->known;
    watch->known = *state;
    watch->has_moved = watch->is_first && watch->checks_failed > 0;
    if (is_still) {
        verify(watch);
    } else {
        watch->verified_ns = now.realtime_ns;
        watch->known.table_count = 0; /* what was read is of no look: the next one reads all */
        watch->signed_ns = watch->signed_ns != 0 ? watch->signed_ns : now.realtime_ns;
    }
    watch->is_first = false;
    become_idle(watch, now);
    return is_still ? RULE_WATCH_FOUND_CHANGE : RULE_WATCH_FOUND_UNREST;
}

enum rule_watch_found rule_watch_take_state(struct rule_watch *watch, const struct ruleset_state *state,
                                            struct moment now)
{
    if (watch->phase != RULE_WATCH_SIZES)
        watch->looks_ns += state->cpu_ns;
    switch (watch->phase) {
    case RULE_WATCH_SIZES:
        return take_sizes(watch, state);
    case RULE_WATCH_ENTRIES:
        return take_entries(watch, state, now);
    case RULE_WATCH_CHECK:
        return take_check(watch, state, now);
    default:
        return RULE_WATCH_FOUND_NOTHING; /* of a look that was given up */
    }
}

void rule_watch_take_text(struct rule_watch *watch, const char *table, uint64_t hash)
{
    const struct table_state *seen = find_table(&watch->seen, table);
    if (watch->texts_missing > 0)
        watch->texts_missing--;
    /* Changed, and perhaps back again before the check. The next reading reads this table for certain. */
    if (seen && seen->hash != hash)
        watch->misread |= (uint16_t)(1u << (seen - watch->seen.tables));
}

void rule_watch_take_failure(struct rule_watch *watch, struct moment now)
{
    if (watch->is_first) {
        watch->wanted = (uint16_t)((1u << watch->seen.table_count) - 1);
        watch->phase = RULE_WATCH_TEXTS;
        watch->texts_missing = 0;
        watch->retry_at = monotonic_after(now.monotonic, SIZES_IDLE_NS);
        return;
    }
    watch->is_unread =
        watch->is_unread || watch->phase == RULE_WATCH_TEXTS || watch->phase == RULE_WATCH_CHECK;
    become_idle(watch, now);
}

bool rule_watch_changed_own(const struct rule_watch *watch, const char *table)
{
    const struct table_state *now = find_table(&watch->known, table);
    return now && has_same_entries(&watch->former, now);
}
