/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* From a path that has ended to the finished path: what its messages mean as steps, and the messages as
 * evidence. */
#ifndef IPTRACE_LEGACY_WALK_PATH_STEPS_H
#define IPTRACE_LEGACY_WALK_PATH_STEPS_H

#include "recorder/core/finished_path.h"
#include "recorder/legacy/walk/assembler.h"

/* The messages of a log, each with its step: that of the packet's path or, for a message about one of the
 * recorder's own rules, which have no step there, one made for it. */
struct log_evidence {
    struct evidence evidence; /* the first member */
    const struct message_log *log;
    struct message_log_iterator iterator;
    const struct step *steps, *next; /* of the path */
    struct step own;
};

/* Scratch memory; start with {0}. */
struct path_steps {
    struct step *steps;
    size_t capacity;
    struct log_evidence evidence;
    struct finished_path path;
};

/* Makes the finished path in that memory. Its strings point into the path's log, its rulesets and `netns`
 * (empty if a single namespace is recorded): valid until the next call, and as long as all of these are. */
const struct finished_path *path_steps_make(struct path_steps *steps, const struct ended_path *ended,
                                            struct bytes netns);
void path_steps_done(struct path_steps *steps);

/* What a message means as a step: rule, table and chain, without context, change and time. */
void path_step_of(const struct annotation *annotation, const struct event *event, struct step *ret_step);

#endif
