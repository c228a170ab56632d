/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a finished path to the steps that are written and shown. */
#ifndef IPTRACE_CORE_PATH_STEPS_H
#define IPTRACE_CORE_PATH_STEPS_H

#include "format/path_record.h"
#include "recorder/core/assembler.h"

/* Room to work in; start with {0}. */
struct path_steps {
    struct step *
        steps; /* without those of the recorder's own rules; strings point into the path's log and rulesets */
    size_t count;
    size_t capacity;
    struct path path;   /* but for packet_id and netns */
    bool has_time;      /* the kernel gave the first message a time */
    uint64_t time_ns;   /* of the packet: of its first message, since the epoch */
    struct event first; /* the first message */
};

void path_steps_make(struct path_steps *steps, const struct finished_path *finished);
void path_steps_done(struct path_steps *steps);

/* What a message means as a step: rule, table and chain, without context, change and time. */
void path_step_of(const struct annotation *annotation, const struct event *event, struct step *ret_step);

#endif
