/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of iptables-save, taken apart as far as we need it. */
#include "recorder/core/rule_text.h"

#include <glib.h>
#include <string.h>

#include "recorder/core/prefix.h"

/* The next word of the line; words in double quotes may hold spaces and, behind a backslash, quotes. */
struct word {
    struct bytes text; /* between the quotes */
    bool escaped, quoted;
};

static bool next_word(struct bytes *rest, struct word *ret_word, bool *ret_bad)
{
    const uint8_t *at = rest->data, *end = rest->data + rest->length;
    while (at < end && *at == ' ')
        at++;
    if (at == end)
        return false;

    *ret_word = (struct word){.quoted = *at == '"'};
    const uint8_t *begin = at + ret_word->quoted;
    for (at = begin; at < end && *at != (ret_word->quoted ? '"' : ' '); at++) {
        if (*at != '\\' || !ret_word->quoted)
            continue;
        ret_word->escaped = true;
        if (++at == end)
            break;
    }
    ret_word->text = (struct bytes){begin, (size_t)(at - begin)};
    if (ret_word->quoted && at++ == end) {
        *ret_bad = true;
        return false;
    }
    *rest = (struct bytes){at, (size_t)(end - at)};
    return true;
}

/* Options of matches whose value is any text, so that a value `-j` must not be taken for the option. */
static bool takes_any_text(struct bytes option)
{
    static const char *const options[] = {
        "--comment",
        "--string",
        "--hex-string",
        "--name",
        "--match-set",
        "--helper",
        "--path",
        "--label",
        "--cgroup",
        "--rateest",
        "--rateest1",
        "--rateest2",
        "-i",
        "-o",
        "--physdev-in",
        "--physdev-out",
        "--object-pinned",
        "--hashlimit-name",
        "--nfacct-name",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (bytes_equal(option, (struct bytes){(const uint8_t *)options[i], strlen(options[i])}))
            return true;
    return false;
}

bool rule_text_parse(struct bytes rest, struct rule_text *ret_rule)
{
    struct rule_text rule = {0};
    struct word word, value;
    bool bad = false, first = true;
    while (next_word(&rest, &word, &bad)) {
        bool is_goto = bytes_equal(word.text, BYTES("-g"));
        if (!word.quoted && (is_goto || bytes_equal(word.text, BYTES("-j")))) {
            if (!next_word(&rest, &value, &bad))
                return false;
            rule.target = value.text;
            rule.is_goto = is_goto;
            rule.bare = first && !next_word(&rest, &value, &bad);
            break;
        }
        first = false;
        if (!takes_any_text(word.text) || !next_word(&rest, &value, &bad))
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

size_t rule_text_unescape(struct bytes escaped, char *buffer)
{
    size_t length = 0;
    for (size_t i = 0; i < escaped.length; i++) {
        if (escaped.data[i] == '\\' && i + 1 < escaped.length)
            i++;
        buffer[length++] = (char)escaped.data[i];
    }
    return length;
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
    struct word word;
    bool bad = false;
    if (!next_word(&rest, &word, &bad))
        return false;
    g_autofree char *text = g_malloc(word.text.length + 1);
    struct prefix prefix;
    if (!prefix_parse((struct bytes){(uint8_t *)text, rule_text_unescape(word.text, text)}, &prefix))
        return false;
    /* iptables-save prints no group where it is 0. */
    while (next_word(&rest, &word, &bad))
        if (bytes_equal(word.text, BYTES("--nflog-group")))
            return next_word(&rest, &word, &bad) && bytes_equal(word.text, BYTES("0"));
    return true;
}
