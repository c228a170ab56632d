/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Entries of the recorder's journal. */
#include "plugin/journal.h"

#include <epan/expert.h>
#include <string.h>

#include "plugin/fields.h"

/* Where the value of a single-line field begins; -1: there is none. `name` ends with the `=`. */
static int find_value(tvbuff_t *tvb, const char *name, int *ret_length)
{
    int length = (int)strlen(name), end = (int)tvb_captured_length(tvb), next;
    for (int at = 0; at < end; at = next) {
        int line = tvb_find_line_end(tvb, at, end - at, &next, FALSE);
        if (next <= at)
            return -1;
        if (line >= length && tvb_strneql(tvb, at, name, (size_t)length) == 0) {
            *ret_length = line - length;
            return at + length;
        }
    }
    return -1;
}

static bool has_value(tvbuff_t *tvb, const char *name, const char *value)
{
    int length, at = find_value(tvb, name, &length);
    return at >= 0 && length == (int)strlen(value) && tvb_strneql(tvb, at, value, strlen(value)) == 0;
}

static bool get_number(tvbuff_t *tvb, wmem_allocator_t *pool, const char *name, uint64_t *ret_number)
{
    int length, at = find_value(tvb, name, &length);
    if (at < 0)
        return false;
    const char *text = (const char *)tvb_get_string_enc(pool, tvb, at, length, ENC_ASCII);
    return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, ret_number, NULL);
}

static void add_limit(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    uint64_t matched, traced;
    int length, at = find_value(tvb, "MESSAGE=", &length);
    if (at >= 0 && get_number(tvb, pinfo->pool, "IPTRACE_MATCHED=", &matched) &&
        get_number(tvb, pinfo->pool, "IPTRACE_TRACED=", &traced) && traced < matched)
        proto_tree_add_expert_format(tree, pinfo, &ei_limited, tvb, at, length, "%s",
                                     tvb_format_text(pinfo->pool, tvb, at, length));
}

void journal_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    if (has_value(tvb, "SYSLOG_IDENTIFIER=", "iptrace-record") && has_value(tvb, "IPTRACE_EVENT=", "limit"))
        add_limit(tvb, pinfo, tree);
}
