/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A rule's line in parts. */
#include "format/rule_line.h"

#include <string.h>

/* The rest of a line that is being split from its front. */
static bool take(struct bytes *rest, struct bytes word)
{
    if (rest->length < word.length || (word.length > 0 && memcmp(rest->data, word.data, word.length) != 0))
        return false;
    rest->data += word.length;
    rest->length -= word.length;
    return true;
}

/* True where the option (" -j ") and the target stand there, as words. */
static bool stands_at(struct bytes line, size_t at, const char *option, struct bytes target)
{
    const uint8_t *from = line.data + at;
    size_t length = 4 + target.length;
    return line.length - at >= length && memcmp(from, option, 4) == 0 &&
           memcmp(from + 4, target.data, target.length) == 0 &&
           (line.length - at == length || from[length] == ' ');
}

/* Where they stand: mostly at the end. */
static bool find_target(struct bytes line, const char *option, struct bytes target, size_t *ret_at)
{
    size_t length = 4 + target.length;
    if (line.length < length)
        return false;
    *ret_at = line.length - length;
    if (stands_at(line, *ret_at, option, target))
        return true;
    for (size_t from = 0; from < line.length; from = *ret_at + 1) {
        const uint8_t *found = memmem(line.data + from, line.length - from, option, 4);
        if (!found)
            return false;
        *ret_at = (size_t)(found - line.data);
        if (stands_at(line, *ret_at, option, target))
            return true;
    }
    return false;
}

/* ` options -j TARGET target_options`, each part with the space before it. */
static bool split_at_target(struct bytes rest, struct rule_line *parts)
{
    size_t at;
    if (!find_target(rest, " -j ", parts->target, &at)) {
        parts->is_goto = true;
        if (!find_target(rest, " -g ", parts->target, &at))
            return false;
    }
    size_t end = at + 4 + parts->target.length;
    parts->options = (struct bytes){rest.data, at};
    parts->target_options = (struct bytes){rest.data + end, rest.length - end};
    return true;
}

/* Without the space that stands before it; false for a part that is one, or has none. */
static bool strip(struct bytes *part)
{
    return part->length == 0 || (take(part, BYTES(" ")) && part->length > 0);
}

bool rule_line_split(struct bytes line, struct bytes chain, struct bytes target, struct rule_line *ret_parts)
{
    struct rule_line parts = {.chain = chain, .target = target};
    if (!take(&line, BYTES("-A ")) || !take(&line, chain))
        return false;
    parts.options = line;
    if (target.length > 0 && !split_at_target(line, &parts))
        return false;
    if (!strip(&parts.options) || !strip(&parts.target_options))
        return false;
    *ret_parts = parts;
    return true;
}

bool rule_line_is_policy(struct bytes line, struct bytes chain, struct bytes target)
{
    return take(&line, BYTES("-P ")) && take(&line, chain) && take(&line, BYTES(" ")) &&
           bytes_equal(line, target);
}

static size_t length_with_space(struct bytes part)
{
    return part.length > 0 ? part.length + 1 : 0;
}

size_t rule_line_length(const struct rule_line *parts)
{
    size_t length = 3 + parts->chain.length;
    if (parts->is_policy)
        return length + 1 + parts->target.length;
    if (parts->target.length > 0)
        length += 4 + parts->target.length + length_with_space(parts->target_options);
    return length + length_with_space(parts->options);
}

static uint8_t *put(uint8_t *at, struct bytes bytes)
{
    if (bytes.length > 0)
        memcpy(at, bytes.data, bytes.length);
    return at + bytes.length;
}

static uint8_t *put_with_space(uint8_t *at, struct bytes part)
{
    return part.length > 0 ? put(put(at, BYTES(" ")), part) : at;
}

void rule_line_join(const struct rule_line *parts, uint8_t *line)
{
    line = put(line, parts->is_policy ? BYTES("-P ") : BYTES("-A "));
    line = put(line, parts->chain);
    if (parts->is_policy) {
        put(put(line, BYTES(" ")), parts->target);
        return;
    }
    line = put_with_space(line, parts->options);
    if (parts->target.length == 0)
        return;
    line = put(line, parts->is_goto ? BYTES(" -g ") : BYTES(" -j "));
    line = put(line, parts->target);
    put_with_space(line, parts->target_options);
}

/* ---- Words ---- */

bool rule_line_next_word(struct bytes *rest, struct rule_word *ret_word, bool *ret_bad)
{
    const uint8_t *at = rest->data, *end = rest->data + rest->length;
    while (at < end && *at == ' ')
        at++;
    if (at == end)
        return false;

    *ret_word = (struct rule_word){.quoted = *at == '"'};
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

bool rule_line_takes_any_text(struct bytes option)
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
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (bytes_equal(option, (struct bytes){(const uint8_t *)options[i], strlen(options[i])}))
            return true;
    return false;
}

size_t rule_line_unescape(struct bytes escaped, char *buffer)
{
    size_t length = 0;
    for (size_t i = 0; i < escaped.length; i++) {
        if (escaped.data[i] == '\\' && i + 1 < escaped.length)
            i++;
        buffer[length++] = (char)escaped.data[i];
    }
    return length;
}

bool rule_line_next_comment(struct bytes *rest, struct rule_word *ret_comment)
{
    struct rule_word word, value;
    bool bad = false;
    while (rule_line_next_word(rest, &word, &bad)) {
        if (!word.quoted && (bytes_equal(word.text, BYTES("-j")) || bytes_equal(word.text, BYTES("-g"))))
            break;
        if (!rule_line_takes_any_text(word.text) || !rule_line_next_word(rest, &value, &bad))
            continue;
        if (bytes_equal(word.text, BYTES("--comment"))) {
            *ret_comment = value;
            return true;
        }
    }
    *rest = (struct bytes){0};
    return false;
}
