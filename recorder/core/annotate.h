/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message means in the rules that were in force when the kernel made it. */
#ifndef IPTRACE_CORE_ANNOTATE_H
#define IPTRACE_CORE_ANNOTATE_H

#include "recorder/core/message_log.h"
#include "recorder/core/prefix.h"
#include "recorder/core/rulebook.h"

/* Fills ruleset, step, meaning, stale and open of an annotation whose spot, from_ns and to_ns are set.
 * Pointers only: no reference is taken.
 *
 * Where two rulesets may have been in force and say the same, or the kernel's number contradicts one of them,
 * it is sure all the same. Where the family's rules are under suspicion the annotation is `open`: nothing is
 * claimed, and it is to be made again when the book is settled. `force`: it cannot wait, and is `stale` where
 * it is not sure. */
void annotate(const struct rulebook *book, unsigned family, const struct prefix *prefix,
              const struct event *event, bool force, struct annotation *annotation);

#endif
