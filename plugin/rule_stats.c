/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Statistics of rules: how many packets matched each, including rules that none matched. */
#include "plugin/taps.h"

#include <epan/stat_tap_ui.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/text.h"

enum {
    COLUMN_HITS,
    COLUMN_FAMILY,
    COLUMN_TABLE,
    COLUMN_CHAIN,
    COLUMN_NUMBER,
    COLUMN_RULE,
    COLUMNS,
};

static stat_tap_table_item columns[] = {
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "    Hits",         "%8u"  },
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Family",           "%-6s" },
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Table   ",         "%-8s" },
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Chain           ", "%-16s"},
    {TABLE_ITEM_UINT,   TAP_ALIGN_RIGHT, "    #",            "%5u"  },
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT,  "Rule",             "%s"   },
};

/* Rows by what tells rules apart. There is one table, whoever shows it. */
static GHashTable *rows; /* key: string; value: the row, which belongs to the table */
static uint32_t rulesets_added;

static char *key_of(const stat_tap_table_item_type *row)
{
    return g_strdup_printf("%s\n%s\n%s\n%u\n%s", row[COLUMN_FAMILY].value.string_value,
                           row[COLUMN_TABLE].value.string_value, row[COLUMN_CHAIN].value.string_value,
                           row[COLUMN_NUMBER].value.uint_value, row[COLUMN_RULE].value.string_value);
}

static int rank_of(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return (int)i;
}

/* In the order of the packet's way: family, table, chain, number; the policy of a chain after its rules. */
static int compare_rows(const void *a, const void *b)
{
    static const char *const tables[] = {"raw", "mangle", "nat", "filter", "security"};
    static const char *const chains[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
    const stat_tap_table_item_type *left = *(stat_tap_table_item_type *const *)a;
    const stat_tap_table_item_type *right = *(stat_tap_table_item_type *const *)b;
    int order = strcmp(left[COLUMN_FAMILY].value.string_value, right[COLUMN_FAMILY].value.string_value);
    if (order == 0)
        order = rank_of(tables, array_length(tables), left[COLUMN_TABLE].value.string_value) -
                rank_of(tables, array_length(tables), right[COLUMN_TABLE].value.string_value);
    if (order == 0)
        order = strcmp(left[COLUMN_TABLE].value.string_value, right[COLUMN_TABLE].value.string_value);
    if (order == 0)
        order = rank_of(chains, array_length(chains), left[COLUMN_CHAIN].value.string_value) -
                rank_of(chains, array_length(chains), right[COLUMN_CHAIN].value.string_value);
    if (order == 0)
        order = strcmp(left[COLUMN_CHAIN].value.string_value, right[COLUMN_CHAIN].value.string_value);
    unsigned left_number = left[COLUMN_NUMBER].value.uint_value - 1; /* 0 comes last */
    unsigned right_number = right[COLUMN_NUMBER].value.uint_value - 1;
    if (order == 0)
        order = left_number < right_number ? -1 : left_number > right_number;
    return order ? order
                 : strcmp(left[COLUMN_RULE].value.string_value, right[COLUMN_RULE].value.string_value);
}

/* The row of that rule; a new one has no hits. `*made` is set where it is new. */
static stat_tap_table_item_type *row_of(stat_tap_table *table, const char *family, const char *table_name,
                                        const char *chain, uint32_t number, const char *rule, bool *made)
{
    stat_tap_table_item_type items[COLUMNS] = {
        [COLUMN_HITS] = {.type = TABLE_ITEM_UINT          },
        [COLUMN_FAMILY] = { .type = TABLE_ITEM_STRING,     .value.string_value = family},
        [COLUMN_TABLE] = { .type = TABLE_ITEM_STRING, .value.string_value = table_name},
        [COLUMN_CHAIN] = { .type = TABLE_ITEM_STRING,      .value.string_value = chain},
        [COLUMN_NUMBER] = { .type = TABLE_ITEM_UINT,       .value.uint_value = number},
        [COLUMN_RULE] = { .type = TABLE_ITEM_STRING,       .value.string_value = rule},
    };
    char *key = key_of(items);
    stat_tap_table_item_type *row = (stat_tap_table_item_type *)g_hash_table_lookup(rows, key);
    if (row) {
        g_free(key);
        return row;
    }
    for (unsigned i = 0; i < COLUMNS; i++)
        if (items[i].type == TABLE_ITEM_STRING)
            items[i].value.string_value = g_strdup(items[i].value.string_value);
    unsigned index = table->num_elements;
    stat_tap_init_table_row(table, index, COLUMNS, items);
    g_hash_table_insert(rows, key, table->elements[index]);
    *made = true;
    return table->elements[index];
}

/* Every rule and policy of a part, hit or not. */
static void add_ruleset(stat_tap_table *table, const struct ruleset_kept *kept, wmem_allocator_t *pool,
                        bool *made)
{
    const struct ruleset_part *part = &kept->part;
    const char *family = wmem_strdup_printf(pool, "IPv%u", part->family);
    const char *table_name = text_line(pool, part->table);
    struct ruleset_cursor cursor = kept->begin;
    struct ruleset_line line;
    while (ruleset_next_line(&cursor, &line)) {
        const char *chain = text_line(pool, line.chain);
        if (line.kind == RULESET_LINE_RULE)
            row_of(table, family, table_name, chain, line.number, text_line(pool, line.text), made);
        else if (line.kind == RULESET_LINE_CHAIN && line.policy.length > 0 && line.policy.data[0] != '-')
            row_of(table, family, table_name, chain, 0,
                   wmem_strdup_printf(pool, "-P %s %s", chain, text_line(pool, line.policy)), made);
    }
}

static void count_steps(stat_tap_table *table, const struct tap_path *tap, wmem_allocator_t *pool, bool *made)
{
    const char *family = wmem_strdup_printf(pool, "IPv%u", tap->family);
    for (uint32_t i = 0; i < tap->path->count; i++) {
        const struct step *step = &tap->path->steps[i].step;
        if (step->rule.length == 0)
            continue;
        stat_tap_table_item_type *row =
            row_of(table, family, text_line(pool, step->table), text_line(pool, step->chain), step->rulenum,
                   text_line(pool, step->rule), made);
        row[COLUMN_HITS].value.uint_value++;
    }
}

static tap_packet_status count(void *user, packet_info *pinfo, epan_dissect_t *edt, const void *data,
                               tap_flags_t flags)
{
    stat_data_t *stat = (stat_data_t *)user;
    const struct tap_path *tap = (const struct tap_path *)data;
    stat_tap_table *table = g_array_index(stat->stat_tap_data->tables, stat_tap_table *, 0);
    bool made = false;
    (void)edt;
    (void)flags;
    /* All that are known by now: rows of rulesets need not pass the filter. */
    for (; rulesets_added < rulesets_count(); rulesets_added++)
        add_ruleset(table, rulesets_at(rulesets_added), pinfo->pool, &made);
    if (tap->path)
        count_steps(table, tap, pinfo->pool, &made);
    if (made)
        // NOLINTNEXTLINE(bugprone-sizeof-expression): it is an array of pointers
        qsort(table->elements, table->num_elements, sizeof *table->elements, compare_rows);
    return TAP_PACKET_REDRAW;
}

static void free_item(stat_tap_table *table, unsigned row, unsigned column, stat_tap_table_item_type *item)
{
    (void)table;
    (void)row;
    (void)column;
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *)item->value.string_value);
    item->type = TABLE_ITEM_NONE;
}

/* Another file, or the same anew: rules are found again. */
static void reset(stat_tap_table *table)
{
    for (unsigned i = 0; i < table->num_elements; i++) {
        for (unsigned column = 0; column < COLUMNS; column++)
            free_item(table, i, column, &table->elements[i][column]);
        g_free(table->elements[i]);
    }
    table->num_elements = 0;
    g_hash_table_remove_all(rows);
    rulesets_added = 0;
}

static void init(stat_tap_table_ui *stat)
{
    static const char title[] = "Rules and policies";
    stat_tap_table *table = stat_tap_find_table(stat, title);
    if (table) {
        reset(table);
        return;
    }
    stat_tap_add_table(stat, stat_tap_init_table(title, COLUMNS, 0, NULL));
}

/* Rulesets are wanted whatever the filter is. */
static void check_filter(const char *argument, const char **filter, char **error)
{
    static char *extended;
    (void)argument;
    (void)error;
    if (!*filter || !**filter)
        return;
    g_free(extended);
    extended = g_strdup_printf("(%s) || iptrace.block.ruleset", *filter);
    *filter = extended;
}

void rule_stats_register(const char *tap)
{
    static stat_tap_table_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = "iptables rules",
        .cli_string = "iptrace,rules",
        .stat_tap_init_cb = init,
        .packet_func = count,
        .stat_tap_reset_table_cb = reset,
        .stat_tap_free_table_item_cb = free_item,
        .stat_filter_check_cb = check_filter,
        .nfields = COLUMNS,
        .fields = columns,
    };
    ui.tap_name = tap;
    rows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    register_stat_tap_table_ui(&ui);
}
