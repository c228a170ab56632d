/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A cheap, frequent check: is everything that a recording put into a family still there? */
#ifndef IPTRACE_LEGACY_AGENT_LOOK_H
#define IPTRACE_LEGACY_AGENT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/logger.h"

struct ruleset_look {
    char logger[LOGGER_NAME_SIZE]; /* empty if it cannot be read */
    uint32_t entries, size;        /* of table raw; 0 if there is none */
    uint32_t rules;                /* with the tag and the date, in raw */
    bool behind;                   /* somebody else's rule comes before one of them in its chain */
};

/* Examines raw or, if raw is large and has the same size as in `last` (NULL: nothing seen yet), relies on
 * `last`. -EACCES, -EPERM. */
int ruleset_look(enum ip_family family, const char *tag, int64_t date_stop, const struct ruleset_look *last,
                 struct ruleset_look *ret_look, struct error *error);

#endif
