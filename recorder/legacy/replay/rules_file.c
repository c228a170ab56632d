/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* --rules and --rules6. */
#include "recorder/legacy/replay/rules_file.h"

#include <errno.h>
#include <string.h>

#include "recorder/system/named_file.h"

/* iptables-save prints counters before a rule if asked to: `[12:720] -A INPUT …`. */
static void append_line(GString *table, const char *line)
{
    if (*line == '[') {
        const char *end = strstr(line, "] ");
        line = end ? end + 2 : line;
    }
    g_string_append(table, line);
    g_string_append_c(table, '\n');
}

/* The text of a whole iptables-save, table by table. */
int rules_file_read(struct pipeline *pipeline, const char *path, enum ip_family family, struct error *error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    struct own_rights rights;
    own_rights_begin(&rights);
    bool is_read = g_file_get_contents(path, &text, NULL, &problem);
    own_rights_end(&rights);
    if (!is_read)
        return error_set(error, EIO, "cannot read the rules: %s", problem->message);

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) table = g_string_new(NULL);
    size_t tables = 0;
    for (char **line = lines; *line; line++) {
        if (**line == '#' || (**line == '\0' && table->len == 0))
            continue;
        append_line(table, *line);
        if (strcmp(*line, "COMMIT") != 0)
            continue;
        struct error why;
        if (pipeline_put_ruleset(pipeline, family, (struct bytes){(const uint8_t *)table->str, table->len},
                                 NULL, 0, 0, NULL, &why) < 0)
            return error_set(error, EINVAL, "%s: %s", path, why.text);
        g_string_truncate(table, 0);
        tables++;
    }
    if (tables == 0)
        return error_set(error, EINVAL, "%s has no rules: expected the output of %s-save", path,
                         ip_family_command(family));
    rulebook_set_tables(pipeline->book, family, rulebook_tables(pipeline->book, family), 0);
    return 0;
}
