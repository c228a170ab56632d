/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cheap look, often: is everything that a recording put into a family still there? */
#ifndef IPTRACE_LEGACY_AGENT_LOOK_H
#define IPTRACE_LEGACY_AGENT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/logger.h"

struct ruleset_look {
    char logger[LOGGER_NAME_SIZE]; /* empty where it may not be read */
    uint32_t entries, size;        /* of table raw, 0 where there is none */
    uint32_t rules;                /* of the tag and the date, in raw */
    bool behind;                   /* a rule of somebody else's stands before one of them in its chain */
};

/* Looks through raw, but where raw is large and has the size that `last` saw it believes in `last` (NULL:
 * nothing seen yet). -EACCES, -EPERM. */
int ruleset_look(enum ip_family family, const char *tag, int64_t date_stop, const struct ruleset_look *last,
                 struct ruleset_look *ret_look, struct error *error);

#endif
