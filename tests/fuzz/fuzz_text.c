/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Prefix, packet, a rule's line, and text for the terminal, each made of the whole input. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "format/packet.h"
#include "format/rule_line.h"
#include "recorder/core/safe_text.h"
#include "recorder/legacy/walk/prefix.h"
#include "recorder/legacy/walk/rule_text.h"

static void check_safe(struct bytes text)
{
    GString *safe = g_string_new(NULL);
    safe_text_append(safe, text);
    for (gsize i = 0; i < safe->len; i++)
        if ((uint8_t)safe->str[i] < 0x20 || safe->str[i] == 0x7f)
            abort();
    if (!g_utf8_validate(safe->str, (gssize)safe->len, NULL))
        abort();
    g_string_free(safe, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = {data, size};
    struct prefix prefix;
    struct packet packet;
    struct rule_text rule;
    prefix_parse(text, &prefix);
    packet_parse(text, &packet);
    packet_key(&packet);
    if (rule_text_parse(text, &rule) && rule.comment.length > 0) {
        char *plain = malloc(rule.comment.length);
        if (rule_line_unescape(rule.comment, plain) > rule.comment.length)
            abort();
        free(plain);
    }
    check_safe(text);
    return 0;
}
