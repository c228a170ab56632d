/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The limit of our own rules: that of --limit, or one that the recorder sets itself if tracing would cost the
 * kernel too much (cost.h). Pure: no descriptor, no clock. */
#ifndef IPTRACE_LEGACY_KERNEL_LIMIT_CHOICE_H
#define IPTRACE_LEGACY_KERNEL_LIMIT_CHOICE_H

#include <glib.h>

#include "recorder/core/options.h"
#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/walk/cost.h"

struct limit_question {
    double rate; /* packets per second, as observed; 0: not known */
    size_t count;
    const struct ruleset_state *states[2]; /* of a look at all entries, one per family: IPv4 before IPv6 */
};

struct limit_choice {
    struct cost_limit limit; /* of each own rule of the families below; none if its text is empty */
    bool limits[2];          /* whether each family is limited, in the order of the question */
    char *sentence; /* for the user: what tracing costs, and what follows from that; null: none; owned */
};

/* Whether the choice depends on anything but the options. */
bool limit_choice_asks(const struct options *options);

void limit_choice_make(const struct options *options, const struct limit_question *question,
                       struct limit_choice *ret_choice);
void limit_choice_done(struct limit_choice *choice);

/* For the end: a sentence on how many of the matching packets were traced. The caller frees it. */
char *limit_describe_end(uint64_t matched, uint64_t traced, const char *limit);

#endif
