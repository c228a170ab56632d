/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rules that are in force, by family and table, and which tables exist at all. */
#include "recorder/core/rulebook.h"

#include <glib.h>

struct family_rules {
    bool known;
    table_set exist, ours;
    struct ruleset *current[TABLE_COUNT];
};

struct rulebook {
    struct family_rules families[2];
    bool keep_all;
    GHashTable *numbered; /* number → struct ruleset, with a reference */
};

static struct family_rules *rules_of(const struct rulebook *book, unsigned family)
{
    return (struct family_rules *)&book->families[family == 6];
}

static gint64 number_key(uint32_t capture_id, uint32_t number)
{
    return (gint64)((uint64_t)capture_id << 32 | number);
}

struct rulebook *rulebook_new(bool keep_all)
{
    struct rulebook *book = g_new0(struct rulebook, 1);
    book->keep_all = keep_all;
    book->numbered =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, (GDestroyNotify)ruleset_unref);
    return book;
}

void rulebook_free(struct rulebook *book)
{
    if (!book)
        return;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned table = 0; table < TABLE_COUNT; table++)
            ruleset_unref(book->families[i].current[table]);
    g_hash_table_destroy(book->numbered);
    g_free(book);
}

void rulebook_set_tables(struct rulebook *book, unsigned family, table_set exist, table_set ours)
{
    struct family_rules *rules = rules_of(book, family);
    rules->known = true;
    rules->exist = exist;
    rules->ours = ours;
}

bool rulebook_knows_tables(const struct rulebook *book, unsigned family)
{
    return rules_of(book, family)->known;
}

table_set rulebook_tables(const struct rulebook *book, unsigned family)
{
    return rules_of(book, family)->exist;
}

table_set rulebook_own_tables(const struct rulebook *book, unsigned family)
{
    return rules_of(book, family)->ours;
}

bool rulebook_put(struct rulebook *book, struct ruleset *ruleset)
{
    const struct ruleset_origin *origin = ruleset_get_origin(ruleset);
    enum table table = table_of_name(ruleset_table(ruleset));
    if (table == TABLE_COUNT)
        return false;
    struct family_rules *rules = rules_of(book, origin->family);
    ruleset_unref(rules->current[table]);
    rules->current[table] = ruleset_ref(ruleset);
    rules->exist |= 1u << table;
    if (book->keep_all && origin->number != 0) {
        gint64 key = number_key(origin->capture_id, origin->number);
        g_hash_table_replace(book->numbered, g_memdup2(&key, sizeof key), ruleset_ref(ruleset));
    }
    return true;
}

struct ruleset *rulebook_get(const struct rulebook *book, unsigned family, enum table table)
{
    return table == TABLE_COUNT ? NULL : rules_of(book, family)->current[table];
}

struct ruleset *rulebook_numbered(const struct rulebook *book, uint32_t capture_id, uint32_t number)
{
    gint64 key = number_key(capture_id, number);
    return g_hash_table_lookup(book->numbered, &key);
}
