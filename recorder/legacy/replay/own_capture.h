/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own captures, replayed: Custom Blocks turned into events and rulesets. */
#ifndef IPTRACE_LEGACY_REPLAY_OWN_CAPTURE_H
#define IPTRACE_LEGACY_REPLAY_OWN_CAPTURE_H

#include "recorder/legacy/walk/source.h"

/* Bounds for messages that wait for earlier ones; together with the rest of one block, that is all the
 * memory. */
#define OWN_CAPTURE_MESSAGES_MAX 1000000
#define OWN_CAPTURE_BYTES_MAX    ((size_t)256 << 20)
#define OWN_CAPTURE_STREAMS_MAX  256 /* captures merged in one file, each namespace counted separately */

struct own_captures;

struct own_captures *own_captures_new(void);
void own_captures_free(struct own_captures *captures);

/* Takes what follows the enterprise number in a Custom Block. Hands over what is in order, and counts in
 * `stats` what it hands over, what is missing and what is damaged. Foreign blocks are skipped. */
void own_captures_block(struct own_captures *captures, struct bytes block, const struct source_sink *sink,
                        struct source_stats *stats);

/* To be called when nothing more will come: hands over what is left, at most `max` messages. True if that was
 * all. */
bool own_captures_finish(struct own_captures *captures, unsigned max, const struct source_sink *sink,
                         struct source_stats *stats);

/* The version of blocks that are ours, but in a format not known here; 0: there were none. */
unsigned own_captures_foreign_version(const struct own_captures *captures);

#endif
