/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which rules decided, and how often. */
#include "recorder/output/summary.h"

#include <inttypes.h>
#include <string.h>

#include "recorder/core/safe_text.h"
#include "recorder/core/text.h"

/* What is counted together: the same end by the same rule. */
struct decision {
    enum ip_family family;
    unsigned verdict, reason, type;
    uint32_t rulenum;
    bool stale;
    struct bytes table, chain, rule, netns; /* of a counted one: inside its own memory */
    uint64_t count;
    char *text;
};

struct summary {
    GHashTable *decisions; /* of struct decision, each its own key */
    uint64_t others;       /* packets of further ones */
};

/* ---- The table ---- */

/* Without the rule's text, which is long: there are few at one place. */
static guint hash(gconstpointer pointer)
{
    const struct decision *decision = pointer;
    guint value = decision->rulenum * 64 + decision->verdict * 8 + decision->type * 2 +
                  ip_family_index(decision->family);
    const struct bytes *names[] = {&decision->table, &decision->chain};
    for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
        for (size_t i = 0; i < names[k]->length; i++)
            value = value * 33 + names[k]->data[i];
    return value;
}

static gboolean equal(gconstpointer left, gconstpointer right)
{
    const struct decision *a = left, *b = right;
    return a->family == b->family && a->verdict == b->verdict && a->reason == b->reason &&
           a->type == b->type && a->rulenum == b->rulenum && a->stale == b->stale &&
           bytes_equal(a->chain, b->chain) && bytes_equal(a->table, b->table) &&
           bytes_equal(a->netns, b->netns) && bytes_equal(a->rule, b->rule);
}

static struct bytes copy(struct bytes bytes)
{
    return (struct bytes){g_memdup2(bytes.data, bytes.length), bytes.length};
}

static void decision_free(gpointer pointer)
{
    struct decision *decision = pointer;
    g_free((gpointer)decision->table.data);
    g_free((gpointer)decision->chain.data);
    g_free((gpointer)decision->rule.data);
    g_free((gpointer)decision->netns.data);
    g_free(decision->text);
    g_free(decision);
}

struct summary *summary_new(void)
{
    struct summary *summary = g_new0(struct summary, 1);
    summary->decisions = g_hash_table_new_full(hash, equal, decision_free, NULL);
    return summary;
}

void summary_free(struct summary *summary)
{
    if (!summary)
        return;
    g_hash_table_destroy(summary->decisions);
    g_free(summary);
}

/* ---- Counting ---- */

static char *describe(const struct finished_path *path)
{
    GString *text = g_string_new(NULL);
    text_append_verdict(text, path);
    if (path->family == FAMILY_IPV6)
        g_string_append(text, " (IPv6)");
    if (path->head.netns.length > 0) {
        g_string_append(text, " in ");
        safe_text_append(text, path->head.netns);
    }
    return g_string_free(text, FALSE);
}

static struct decision *remember(struct summary *summary, const struct decision *found,
                                 const struct finished_path *path)
{
    struct decision *decision = g_new(struct decision, 1);
    *decision = *found;
    decision->table = copy(found->table);
    decision->chain = copy(found->chain);
    decision->rule = copy(found->rule);
    decision->netns = copy(found->netns);
    decision->text = describe(path);
    g_hash_table_add(summary->decisions, decision);
    return decision;
}

void summary_add(struct summary *summary, const struct finished_path *path)
{
    uint32_t decided = path->head.decided;
    struct decision found = {
        .family = path->family,
        .verdict = path->head.verdict,
        .reason = path->head.reason,
        .netns = path->head.netns,
    };
    if (decided > 0 && decided <= path->count) {
        const struct step *step = &path->steps[decided - 1];
        found.type = step->type;
        found.rulenum = step->rulenum;
        found.stale = step->stale;
        found.table = step->table;
        found.chain = step->chain;
        found.rule = step->rule;
    }
    struct decision *decision = g_hash_table_lookup(summary->decisions, &found);
    if (!decision && g_hash_table_size(summary->decisions) < SUMMARY_RULES_MAX)
        decision = remember(summary, &found, path);
    if (decision)
        decision->count++;
    else
        summary->others++;
}

/* ---- Telling ---- */

static gint more_first(gconstpointer left, gconstpointer right)
{
    const struct decision *a = *(struct decision *const *)left, *b = *(struct decision *const *)right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->text, b->text);
}

char **summary_lines(const struct summary *summary, size_t most)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GHashTableIter iterator;
    gpointer key;
    g_hash_table_iter_init(&iterator, summary->decisions);
    while (g_hash_table_iter_next(&iterator, &key, NULL))
        g_ptr_array_add(sorted, key);
    g_ptr_array_sort(sorted, more_first);

    GPtrArray *lines = g_ptr_array_new();
    uint64_t rest = summary->others;
    for (size_t i = 0; i < sorted->len; i++) {
        const struct decision *decision = g_ptr_array_index(sorted, i);
        if (i < most)
            g_ptr_array_add(lines, g_strdup_printf("%10" PRIu64 "  %s", decision->count, decision->text));
        else
            rest += decision->count;
    }
    if (rest > 0)
        g_ptr_array_add(lines, g_strdup_printf("%10" PRIu64 "  by %s%zu other rules", rest,
                                               summary->others > 0 ? "more than " : "",
                                               sorted->len > most ? sorted->len - most : 0));
    g_ptr_array_add(lines, NULL);
    return (char **)g_ptr_array_free(lines, FALSE);
}
