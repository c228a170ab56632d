/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts rules in force that an agent has read. */
#include "recorder/legacy/kernel/put_text.h"

#include <string.h>

int put_table_text(struct pipeline *pipeline, enum ip_family family, const struct table_text *text,
                   uint64_t time_ns, const struct interval *change, struct error *error)
{
    struct ruleset_own *own = g_new(struct ruleset_own, text->own_count);
    for (size_t i = 0; i < text->own_count; i++) {
        const char *chain = text->own[i].chain;
        own[i] = (struct ruleset_own){
            {(const uint8_t *)chain, strlen(chain)},
            text->own[i].number
        };
    }
    int result =
        pipeline_put_ruleset(pipeline, family, (struct bytes){(const uint8_t *)text->text, text->length}, own,
                             text->own_count, time_ns, change, error);
    g_free(own);
    return result;
}
