/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The messages of one path while it is open, each with its meaning, kept compactly: of every message only
 * what differs from the one before. */
#ifndef IPTRACE_LEGACY_WALK_MESSAGE_LOG_H
#define IPTRACE_LEGACY_WALK_MESSAGE_LOG_H

#include <glib.h>

#include "recorder/legacy/walk/event.h"
#include "recorder/legacy/walk/ruleset.h"
#include "recorder/legacy/walk/tables.h"

/* The meaning of a message, as far as it is known. */
struct annotation {
    struct ruleset *ruleset; /* null: the rules were not known */
    struct step_copy *step;  /* replay of our own capture: what the file says; else null */
    struct meaning meaning;  /* points into the ruleset */
    struct spot spot;
    uint32_t number;         /* the rule number that the kernel gave */
    bool said_rule;          /* the kernel said "rule", not "policy" or "return" */
    bool stale;              /* the rules changed at about that time: the meaning may be another's */
    bool undecided;          /* the rules may be changing: to be annotated again */
    uint64_t from_ns, to_ns; /* the kernel made the message between these times, since the epoch */
};

struct message_log;

struct message_log *message_log_new(void);
void message_log_free(struct message_log *log);

/* Removes all messages but keeps the memory. */
void message_log_clear(struct message_log *log);

/* Copies the event, and takes a reference to the ruleset and the step. */
void message_log_add(struct message_log *log, const struct event *event, const struct annotation *annotation);

/* The same, but replaces the last message. */
void message_log_replace_last(struct message_log *log, const struct event *event,
                              const struct annotation *annotation);

size_t message_log_count(const struct message_log *log);
const struct annotation *message_log_annotation(const struct message_log *log, size_t index);

/* Replaces an annotation; references and copies as with message_log_add(). */
void message_log_annotate(struct message_log *log, size_t index, const struct annotation *annotation);

/* All memory of the log, in bytes; clearing keeps it. */
size_t message_log_memory(const struct message_log *log);

/* Iterates over the messages in order; what has not changed from one to the next points to the same bytes.
 * All pointers are into the log, and valid until it changes. */
struct message_log_iterator {
    const struct message_log *log;
    size_t index;
    struct event event;
    const struct annotation *annotation;
};

void message_log_begin(const struct message_log *log, struct message_log_iterator *ret_iterator);
bool message_log_next(struct message_log_iterator *iterator);

#endif
