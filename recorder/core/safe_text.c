/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Untrusted text, made safe. */
#include "recorder/core/safe_text.h"

/* Formatting characters can turn a line around and hide what it says; others end it. */
static bool is_harmless(gunichar character)
{
    GUnicodeType type = g_unichar_type(character);
    return g_unichar_isprint(character) && type != G_UNICODE_FORMAT && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

void safe_text_append(GString *out, struct bytes text)
{
    const char *at = (const char *)text.data;
    size_t left = text.length;
    while (left > 0) {
        gunichar character = g_utf8_get_char_validated(at, (gssize)left);
        bool valid = character != (gunichar)-1 && character != (gunichar)-2 && character != 0;
        size_t length = valid ? (size_t)(g_utf8_next_char(at) - at) : 1;
        if (valid && is_harmless(character))
            g_string_append_len(out, at, (gssize)length);
        else
            for (size_t i = 0; i < length; i++)
                g_string_append_printf(out, "\\x%02x", (uint8_t)at[i]);
        at += length;
        left -= length;
    }
}
