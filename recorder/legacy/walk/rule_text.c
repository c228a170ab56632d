/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One line of iptables-save, parsed as far as we need it. */
#include "recorder/legacy/walk/rule_text.h"

#include <glib.h>
#include <string.h>

#include "format/rule_line.h"
#include "recorder/legacy/walk/prefix.h"

bool rule_text_parse(struct bytes rest, struct rule_text *ret_rule)
{
    struct rule_text rule = {0};
    struct rule_word word, value;
    bool bad = false, first = true;
    while (rule_line_next_word(&rest, &word, &bad)) {
        bool is_goto = bytes_equal(word.text, BYTES("-g"));
        if (!word.quoted && (is_goto || bytes_equal(word.text, BYTES("-j")))) {
            if (!rule_line_next_word(&rest, &value, &bad))
                return false;
            rule.target = value.text;
            rule.is_goto = is_goto;
            rule.bare = first && !rule_line_next_word(&rest, &value, &bad);
            break;
        }
        first = false;
        if (!rule_line_takes_any_text(word.text) || !rule_line_next_word(&rest, &value, &bad))
            continue;
        if (bytes_equal(word.text, BYTES("--comment")) && rule.comment.data == NULL) {
            rule.comment = value.text;
            rule.comment_escaped = value.escaped;
        }
    }
    if (bad)
        return false;
    *ret_rule = rule;
    return true;
}

bool rule_text_imitates_trace(struct bytes line)
{
    static const char option[] = " -j NFLOG --nflog-prefix ";
    const size_t length = sizeof option - 1;
    size_t at = line.length; /* of what follows the last, for a comment may read like it */
    while (at > length && memcmp(line.data + at - length, option, length) != 0)
        at--;
    if (at <= length)
        return false;
    struct bytes rest = {line.data + at, line.length - at};
    struct rule_word word;
    bool bad = false;
    if (!rule_line_next_word(&rest, &word, &bad))
        return false;
    g_autofree char *text = g_malloc(word.text.length + 1);
    struct prefix prefix;
    if (!prefix_parse((struct bytes){(uint8_t *)text, rule_line_unescape(word.text, text)}, &prefix))
        return false;
    /* iptables-save prints no group where it is 0. */
    while (rule_line_next_word(&rest, &word, &bad))
        if (bytes_equal(word.text, BYTES("--nflog-group")))
            return rule_line_next_word(&rest, &word, &bad) && bytes_equal(word.text, BYTES("0"));
    return true;
}
