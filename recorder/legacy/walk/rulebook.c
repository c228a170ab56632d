/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* All rules by family and table: now, recently, and when it is not certain which. */
#include "recorder/legacy/walk/rulebook.h"

#include <glib.h>

/* Remembered per table: messages are older than that only if they waited long, or for a program that serves
 * NFQUEUE. Earlier rulesets take at most this many bytes, or as many as the rules in force if that is
 * more. */
#define CHANGES_MAX      64
#define FORMER_BYTES_MAX (1u << 20)

/* `before` was in force until `from_ns` at least and until `to_ns` at most; null: between the two it may have
 * been any rules, and before the same as after. */
struct rule_change {
    uint64_t from_ns, to_ns;
    struct ruleset *before;
};

struct table_rules {
    struct ruleset *current;
    GArray *changes;       /* of struct rule_change, oldest first; null: none yet */
    size_t former_bytes;   /* that the rulesets of `changes` take */
    uint64_t forgotten_ns; /* what was in force before is no longer known */
};

/* When nobody was seen to listen to a queue that somebody once listened to. */
struct queue_look {
    uint64_t listened_ns; /* begin of the last look that saw somebody; later looks saw nobody */
    uint64_t deserted_ns; /* end of the first look since that saw nobody; 0: none yet */
};

struct family_rules {
    bool known;
    bool translates_not;
    table_set exist, ours;
    uint64_t suspect_ns;
    struct table_rules tables[TABLE_COUNT];
};

struct rulebook {
    struct family_rules families[FAMILY_COUNT];
    bool keep_all;
    bool routing_kept;                    /* nothing was dropped there */
    GHashTable *queues;                   /* number + 1 → struct queue_look */
    uint64_t first_look_ns, last_look_ns; /* end of the first, begin of the last; 0: none */
    GHashTable *numbered;                 /* number → struct ruleset, with a reference */
};

static struct family_rules *rules_of(const struct rulebook *book, enum ip_family family)
{
    return (struct family_rules *)&book->families[ip_family_index(family)];
}

static gint64 number_key(uint32_t capture_id, uint32_t number)
{
    return (gint64)((uint64_t)capture_id << 32 | number);
}

struct rulebook *rulebook_new(bool keep_all)
{
    struct rulebook *book = g_new0(struct rulebook, 1);
    book->keep_all = keep_all;
    book->queues = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    book->numbered =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)ruleset_unref);
    return book;
}

static size_t memory_of(const struct ruleset *ruleset)
{
    return ruleset ? ruleset_memory(ruleset) : 0;
}

static void forget_change(struct table_rules *rules, guint index)
{
    struct ruleset *before = g_array_index(rules->changes, struct rule_change, index).before;
    rules->former_bytes -= memory_of(before);
    ruleset_unref(before);
    g_array_remove_index(rules->changes, index);
}

static void table_done(struct table_rules *rules)
{
    ruleset_unref(rules->current);
    if (!rules->changes)
        return;
    while (rules->changes->len > 0)
        forget_change(rules, rules->changes->len - 1);
    g_array_unref(rules->changes);
}

void rulebook_free(struct rulebook *book)
{
    if (!book)
        return;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned table = 0; table < TABLE_COUNT; table++)
            table_done(&book->families[i].tables[table]);
    g_hash_table_destroy(book->queues);
    g_hash_table_destroy(book->numbered);
    g_free(book);
}

void rulebook_set_tables(struct rulebook *book, enum ip_family family, table_set exist, table_set ours)
{
    struct family_rules *rules = rules_of(book, family);
    rules->known = true;
    rules->exist = exist;
    rules->ours = ours;
}

bool rulebook_knows_tables(const struct rulebook *book, enum ip_family family)
{
    return rules_of(book, family)->known;
}

table_set rulebook_tables(const struct rulebook *book, enum ip_family family)
{
    return rules_of(book, family)->exist;
}

table_set rulebook_own_tables(const struct rulebook *book, enum ip_family family)
{
    return rules_of(book, family)->ours;
}

bool rulebook_has_rules(const struct rulebook *book, enum ip_family family)
{
    const struct family_rules *rules = rules_of(book, family);
    for (unsigned table = 0; table < TABLE_COUNT; table++) {
        const struct ruleset *current = rules->tables[table].current;
        if (rules->exist >> table & 1 && (current ? !ruleset_is_empty(current) : !(rules->ours >> table & 1)))
            return true;
    }
    return false;
}

/* ---- What is in force, and what was ---- */

/* The last change is always remembered: messages of either side of it are on their way. */
static bool is_too_much(const struct table_rules *rules)
{
    size_t bytes_max = MAX(FORMER_BYTES_MAX, memory_of(rules->current));
    return rules->changes->len > CHANGES_MAX || (rules->changes->len > 1 && rules->former_bytes > bytes_max);
}

/* What was in force before a change that is forgotten is not known any more. */
static void forget_oldest(struct table_rules *rules)
{
    uint64_t to_ns = g_array_index(rules->changes, struct rule_change, 0).to_ns;
    rules->forgotten_ns = MAX(rules->forgotten_ns, to_ns);
    forget_change(rules, 0);
}

static void remember(struct table_rules *rules, struct rule_change change)
{
    if (!rules->changes)
        rules->changes = g_array_new(FALSE, FALSE, sizeof(struct rule_change));
    g_array_append_val(rules->changes, change);
    rules->former_bytes += memory_of(change.before);
    while (is_too_much(rules))
        forget_oldest(rules);
}

static struct table_rules *table_rules_of(struct rulebook *book, const struct ruleset *ruleset)
{
    enum table table = table_of_name(ruleset_table(ruleset));
    if (table == TABLE_COUNT)
        return NULL;
    return &rules_of(book, ruleset_get_origin(ruleset)->family)->tables[table];
}

static void put_in_force(struct rulebook *book, struct table_rules *rules, struct ruleset *ruleset)
{
    const struct ruleset_origin *origin = ruleset_get_origin(ruleset);
    ruleset_unref(rules->current);
    rules->current = ruleset_ref(ruleset);
    rules_of(book, origin->family)->exist |= 1u << table_of_name(ruleset_table(ruleset));
    if (book->keep_all && origin->number != 0) {
        gint64 key = number_key(origin->capture_id, origin->number);
        g_hash_table_replace(book->numbered, g_memdup2(&key, sizeof key), ruleset_ref(ruleset));
    }
}

bool rulebook_put(struct rulebook *book, struct ruleset *ruleset)
{
    /* Until rulebook_settle() says more, the change may have happened at any time. */
    uint64_t suspect_ns = rules_of(book, ruleset_get_origin(ruleset)->family)->suspect_ns;
    if (suspect_ns != 0)
        return rulebook_change(book, ruleset, (struct interval){suspect_ns, UINT64_MAX});
    struct table_rules *rules = table_rules_of(book, ruleset);
    if (rules)
        put_in_force(book, rules, ruleset);
    return rules != NULL;
}

bool rulebook_change(struct rulebook *book, struct ruleset *ruleset, struct interval change)
{
    struct table_rules *rules = table_rules_of(book, ruleset);
    if (!rules)
        return false;
    if (rules->current)
        remember(rules, (struct rule_change){change.from_ns, change.to_ns, ruleset_ref(rules->current)});
    put_in_force(book, rules, ruleset);
    return true;
}

struct ruleset *rulebook_get(const struct rulebook *book, enum ip_family family, enum table table)
{
    return table == TABLE_COUNT ? NULL : rules_of(book, family)->tables[table].current;
}

void rulebook_suspect(struct rulebook *book, enum ip_family family, uint64_t since_ns)
{
    struct family_rules *rules = rules_of(book, family);
    if (rules->suspect_ns == 0 || since_ns < rules->suspect_ns)
        rules->suspect_ns = since_ns;
}

void rulebook_settle(struct rulebook *book, enum ip_family family, uint64_t until_ns)
{
    struct family_rules *rules = rules_of(book, family);
    rules->suspect_ns = 0;
    for (unsigned table = 0; table < TABLE_COUNT; table++) {
        GArray *changes = rules->tables[table].changes;
        if (rules->tables[table].forgotten_ns == UINT64_MAX) /* a change that was not settled */
            rules->tables[table].forgotten_ns = until_ns;
        for (guint i = 0; changes && i < changes->len; i++) {
            struct rule_change *change = &g_array_index(changes, struct rule_change, i);
            change->to_ns = MIN(change->to_ns, MAX(until_ns, change->from_ns));
        }
    }
}

void rulebook_doubt(struct rulebook *book, enum ip_family family, uint64_t from_ns, uint64_t to_ns)
{
    for (unsigned table = 0; table < TABLE_COUNT; table++)
        remember(&rules_of(book, family)->tables[table], (struct rule_change){from_ns, to_ns, NULL});
}

void rulebook_forget(struct rulebook *book, enum ip_family family, enum table table, uint64_t until_ns)
{
    struct table_rules *rules = &rules_of(book, family)->tables[table];
    rules->forgotten_ns = MAX(rules->forgotten_ns, until_ns);
}

bool rulebook_lacks_rules(const struct rulebook *book, enum ip_family family)
{
    const struct family_rules *rules = rules_of(book, family);
    for (unsigned table = 0; table < TABLE_COUNT; table++)
        if (rules->exist >> table & 1 && !rules->tables[table].current)
            return true;
    return false;
}

uint64_t rulebook_suspect_since(const struct rulebook *book, enum ip_family family)
{
    return rules_of(book, family)->suspect_ns;
}

/* Where a time lies as seen from a change; the change itself is known only to lie between two times. */
enum side {
    SIDE_BEFORE,
    SIDE_EITHER,
    SIDE_AFTER,
};

static enum side side_of(const struct rule_change *change, uint64_t from_ns, uint64_t to_ns)
{
    if (from_ns > change->to_ns)
        return SIDE_AFTER;
    return to_ns < change->from_ns ? SIDE_BEFORE : SIDE_EITHER;
}

/* Goes back by one change: what `then` says holds after it. */
static void go_back(struct rules_then *then, const struct rule_change *change, enum side side)
{
    if (!change->before) { /* changed and changed back: others may have been in force meanwhile */
        then->sure = then->sure && side == SIDE_BEFORE;
    } else if (side == SIDE_EITHER) {
        then->sure = then->sure && !then->other; /* a second such change makes three */
        then->other = change->before;
    } else {
        then->ruleset = change->before;
    }
}

struct rules_then rulebook_then(const struct rulebook *book, enum ip_family family, enum table table,
                                uint64_t from_ns, uint64_t to_ns)
{
    const struct family_rules *rules = rules_of(book, family);
    const struct table_rules *of_table = &rules->tables[table];
    struct rules_then then = {.ruleset = of_table->current, .sure = true};
    for (guint i = of_table->changes ? of_table->changes->len : 0; i > 0; i--) {
        const struct rule_change *change = &g_array_index(of_table->changes, struct rule_change, i - 1);
        enum side side = side_of(change, from_ns, to_ns);
        if (side == SIDE_AFTER)
            break;
        go_back(&then, change, side);
    }
    bool is_forgotten = of_table->forgotten_ns != 0 && from_ns <= of_table->forgotten_ns;
    bool is_suspect = rules->suspect_ns != 0 && to_ns >= rules->suspect_ns;
    then.sure = then.sure && !is_forgotten && !is_suspect;
    return then;
}

struct ruleset *rulebook_numbered(const struct rulebook *book, uint32_t capture_id, uint32_t number)
{
    gint64 key = number_key(capture_id, number);
    return g_hash_table_lookup(book->numbered, &key);
}

static bool is_in_force(const struct rulebook *book, const struct ruleset *ruleset)
{
    enum ip_family family = ruleset_get_origin(ruleset)->family;
    return rulebook_get(book, family, table_of_name(ruleset_table(ruleset))) == ruleset;
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    const struct ruleset_origin *one = ruleset_get_origin(*(struct ruleset *const *)a);
    const struct ruleset_origin *other = ruleset_get_origin(*(struct ruleset *const *)b);
    return one->number < other->number ? -1 : one->number > other->number;
}

GPtrArray *rulebook_former(const struct rulebook *book)
{
    GPtrArray *former = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer ruleset;
    g_hash_table_iter_init(&iterator, book->numbered);
    while (g_hash_table_iter_next(&iterator, NULL, &ruleset))
        if (!is_in_force(book, ruleset))
            g_ptr_array_add(former, ruleset);
    g_ptr_array_sort(former, by_number);
    return former;
}

/* ---- What is beside the rules ---- */

void rulebook_set_queues(struct rulebook *book, const uint16_t *queues, size_t count, uint64_t begun_ns,
                         uint64_t ended_ns)
{
    for (size_t i = 0; i < count; i++) {
        gpointer key = GUINT_TO_POINTER(queues[i] + 1u);
        struct queue_look *look = g_hash_table_lookup(book->queues, key);
        if (!look)
            g_hash_table_insert(book->queues, key, look = g_new0(struct queue_look, 1));
        *look = (struct queue_look){.listened_ns = begun_ns};
    }
    GHashTableIter iterator;
    gpointer value;
    g_hash_table_iter_init(&iterator, book->queues);
    while (g_hash_table_iter_next(&iterator, NULL, &value)) {
        struct queue_look *look = value;
        if (look->listened_ns != begun_ns && look->deserted_ns == 0)
            look->deserted_ns = ended_ns;
    }
    if (book->first_look_ns == 0)
        book->first_look_ns = ended_ns;
    book->last_look_ns = begun_ns;
}

bool rulebook_was_deserted(const struct rulebook *book, const struct queue_rule *rule, uint64_t from_ns,
                           uint64_t to_ns)
{
    if (book->first_look_ns == 0 || book->first_look_ns > from_ns || book->last_look_ns < to_ns)
        return false;
    for (unsigned queue = rule->first; queue <= rule->last; queue++) {
        const struct queue_look *look = g_hash_table_lookup(book->queues, GUINT_TO_POINTER(queue + 1));
        if (look && (look->deserted_ns == 0 || look->deserted_ns > from_ns))
            return false;
    }
    return true;
}

void rulebook_set_routing_dropped(struct rulebook *book, bool dropped)
{
    book->routing_kept = !dropped;
}

bool rulebook_routing_dropped(const struct rulebook *book)
{
    return !book->routing_kept;
}

void rulebook_set_translation(struct rulebook *book, enum ip_family family, bool possible)
{
    rules_of(book, family)->translates_not = !possible;
}

bool rulebook_may_translate(const struct rulebook *book, enum ip_family family)
{
    return !rules_of(book, family)->translates_not;
}
