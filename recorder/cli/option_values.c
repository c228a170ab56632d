/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The values that options take. */
#include "recorder/cli/option_values.h"

#include <errno.h>
#include <string.h>

int option_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *ret_value,
                  struct error *error)
{
    g_autoptr(GError) problem = NULL;
    if (!g_ascii_string_to_unsigned(text, 10, least, most, ret_value, &problem))
        return error_set(error, EINVAL,
                         "%s takes a number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT ", not \"%s\"",
                         option, least, most, text);
    return 0;
}

static int parse_duration(const char *option, const char *text, double *ret_seconds, struct error *error)
{
    char *end;
    double seconds = g_ascii_strtod(text, &end);
    if (end == text || *end || !(seconds > 0) || seconds > 1e9)
        return error_set(error, EINVAL, "%s duration: takes seconds, not \"%s\"", option, text);
    *ret_seconds = seconds;
    return 0;
}

/* `duration:`, `filesize:`, `packets:`, `files:` as dumpcap reads them. */
int option_bound(const char *option, const char *text, struct bounds *bounds, struct error *error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;
    if (!name)
        return error_set(error, EINVAL,
                         "%s takes duration:SECONDS, filesize:KB, packets:N or files:N, not \"%s\"", option,
                         text);
    if (strcmp(name, "duration") == 0)
        return parse_duration(option, colon + 1, &bounds->duration_s, error);
    if (strcmp(name, "filesize") == 0)
        return option_number(option, colon + 1, 1, 1ull << 40, &bounds->filesize_kb, error);
    if (strcmp(name, "packets") == 0)
        return option_number(option, colon + 1, 1, UINT64_MAX, &bounds->packets, error);
    if (strcmp(name, "files") == 0)
        return option_number(option, colon + 1, 1, 100000, &bounds->files, error);
    return error_set(error, EINVAL,
                     "%s takes duration:SECONDS, filesize:KB, packets:N or files:N, not \"%s\"", option,
                     text);
}

int option_blocks(const char *text, enum blocks_mode *ret_mode, struct error *error)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_mode = i;
            return 0;
        }
    }
    return error_set(error, EINVAL, "--blocks takes auto, always or never, not \"%s\"", text);
}

int option_backend(const char *text, enum backend_choice *ret_choice, struct error *error)
{
    static const char *const names[] = {"auto", "legacy"};
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_choice = i;
            return 0;
        }
    }
    if (strcmp(text, "nft") == 0)
        return error_set(error, EINVAL,
                         "--backend nft: nftables rules cannot be recorded yet; expected auto or legacy");
    return error_set(error, EINVAL, "--backend takes auto or legacy, not \"%s\"", text);
}

int option_add_names(GPtrArray *array, const char *option, const char *text, struct error *error)
{
    /* An empty text has no names at all to g_strsplit(). */
    g_auto(GStrv) names = g_strsplit(*text ? text : ",", ",", -1);
    for (char **name = names; *name; name++) {
        if (!**name)
            return error_set(error, EINVAL, "%s takes comma-separated names, not \"%s\"", option, text);
        g_ptr_array_insert(array, (gint)array->len - 1, g_strdup(*name));
    }
    return 0;
}

void option_set_text(char **target, const char *text)
{
    g_free(*target);
    *target = g_strdup(text);
}
