/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rates in the syntax of iptables' limit match. */
#include "recorder/core/rate.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#define DAY_S 86400

/* In seconds; 0 if it is neither a unit nor the beginning of one. */
static uint32_t parse_unit(const char *text)
{
    static const struct {
        const char *name;
        uint32_t seconds;
    } units[] = {
        {"second", 1    },
        {"minute", 60   },
        {"hour",   3600 },
        {"day",    DAY_S}
    };
    for (size_t i = 0; *text && i < G_N_ELEMENTS(units); i++)
        if (g_ascii_strncasecmp(text, units[i].name, strlen(text)) == 0)
            return units[i].seconds;
    return 0;
}

int rate_parse(const char *text, uint32_t *ret_average, struct error *error)
{
    char *rest = NULL;
    guint64 rate = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &rest, 10) : 0;
    uint32_t seconds = 0;
    if (rate > 0)
        seconds = *rest == '/' ? parse_unit(rest + 1) : *rest == '\0';
    if (seconds == 0)
        return error_set(error, EINVAL,
                         "limit \"%s\" is not a rate: expected a number from 1, followed by /second, "
                         "/minute, /hour or /day",
                         text);
    if (rate > (guint64)RATE_SCALE * seconds)
        return error_set(error, EINVAL,
                         "limit \"%s\" is too fast: the kernel's limit match allows at most %d/second", text,
                         RATE_SCALE);
    /* The kernel's match counts a burst's time in what a day just fits into. */
    if (rate * DAY_S < (guint64)RATE_BURST * seconds)
        return error_set(error, EINVAL,
                         "limit \"%s\" is too slow: the kernel's limit match needs at least %d/day", text,
                         RATE_BURST);
    *ret_average = (uint32_t)((guint64)RATE_SCALE * seconds / rate);
    return 0;
}
