/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a message means in terms of the rules that were in force when the kernel made it. */
#ifndef IPTRACE_LEGACY_WALK_ANNOTATE_H
#define IPTRACE_LEGACY_WALK_ANNOTATE_H

#include "format/family.h"
#include "recorder/legacy/walk/message_log.h"
#include "recorder/legacy/walk/prefix.h"
#include "recorder/legacy/walk/rulebook.h"

/* Fills ruleset, step, meaning, stale and undecided of an annotation whose spot, from_ns and to_ns are set.
 * Stores pointers only and takes no reference.
 *
 * If it is not certain which rules were in force, and that makes a difference, the annotation is `undecided`:
 * it claims nothing, and path_annotate_again() is to examine the whole visit. */
void annotate(const struct rulebook *book, enum ip_family family, const struct prefix *prefix,
              const struct event *event, struct annotation *annotation);

#endif
