/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What changed from one ruleset of a table to the next, as lines. */
#include "recorder/legacy/walk/ruleset_diff.h"

#include <string.h>

static bool next_line(struct bytes *rest, GBytes **ret_line)
{
    if (rest->length == 0)
        return false;
    const uint8_t *end = memchr(rest->data, '\n', rest->length);
    size_t length = end ? (size_t)(end - rest->data) : rest->length;
    size_t used = length + (end ? 1 : 0);
    *ret_line = g_bytes_new_static(rest->data, length);
    *rest = (struct bytes){rest->data + used, rest->length - used};
    return true;
}

/* How often each line stands in the text. */
static GHashTable *count_lines(struct bytes text)
{
    GHashTable *counts =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    GBytes *line;
    while (next_line(&text, &line)) {
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, line));
        g_hash_table_replace(counts, line, GUINT_TO_POINTER(count + 1));
    }
    return counts;
}

/* Appends the lines of `text` that `others` has not, or not as often. Returns how many. */
static size_t append_missing(GString *lines, struct bytes text, GHashTable *others, char sign, size_t *room)
{
    size_t missing = 0;
    GBytes *line;
    while (next_line(&text, &line)) {
        guint count = GPOINTER_TO_UINT(g_hash_table_lookup(others, line));
        if (count > 0) {
            g_hash_table_replace(others, line, GUINT_TO_POINTER(count - 1));
            continue;
        }
        missing++;
        if (*room > 0) {
            gsize length;
            const char *data = g_bytes_get_data(line, &length);
            g_string_append_printf(lines, "%s%c%.*s", lines->len > 0 ? "\n" : "", sign, (int)length, data);
            (*room)--;
        }
        g_bytes_unref(line);
    }
    return missing;
}

void ruleset_diff_make(const struct ruleset *before, const struct ruleset *after, size_t lines_max,
                       struct ruleset_diff *ret_diff)
{
    g_autoptr(GHashTable) old_lines = count_lines(ruleset_text(before));
    g_autoptr(GHashTable) new_lines = count_lines(ruleset_text(after));
    size_t room = lines_max;
    struct ruleset_diff diff = {.lines = g_string_new(NULL)};
    diff.removed = append_missing(diff.lines, ruleset_text(before), new_lines, '-', &room);
    diff.added = append_missing(diff.lines, ruleset_text(after), old_lines, '+', &room);
    if (diff.added + diff.removed > lines_max)
        g_string_append_printf(diff.lines, "\n(%zu more lines)", diff.added + diff.removed - lines_max);
    *ret_diff = diff;
}

void ruleset_diff_done(struct ruleset_diff *diff)
{
    g_string_free(diff->lines, TRUE);
    *diff = (struct ruleset_diff){0};
}
