/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Bytes from a file, turned into text that Wireshark may show: valid UTF-8 and, in lines for people, without
 * control characters. All memory is in the packet's scope. */
#ifndef IPTRACE_PLUGIN_TEXT_H
#define IPTRACE_PLUGIN_TEXT_H

#include "plugin/compat.h"

#include "format/step.h"

/* The text as a field's value: unchanged, but valid UTF-8. */
const char *text_value(wmem_allocator_t *pool, struct bytes bytes);

/* The text for a line: with control characters escaped as well. */
const char *text_line(wmem_allocator_t *pool, struct bytes bytes);

/* Adds the bytes as a string field, at offset `at` in the buffer: the value is text_value(), the label
 * text_line(). Wireshark's own label would do if it also escaped characters that reverse a line (U+202E, from
 * Wireshark 4.2 on), which it does not regard as control characters. */
proto_item *text_add(wmem_allocator_t *pool, proto_tree *tree, int field, tvbuff_t *tvb, int at, int length,
                     struct bytes bytes);

/* The name, or the number if it has none in this version. */
const char *text_name(wmem_allocator_t *pool, const char *name, unsigned number);

/* The verdict for a line. */
const char *text_verdict(wmem_allocator_t *pool, unsigned verdict);

/* The step as a field's value: format/step.h, step_format(). */
const char *text_step(wmem_allocator_t *pool, const struct step *step);

/* The step for people: `filter INPUT rule 3: -A INPUT -j DROP`, `raw PREROUTING policy ACCEPT`. */
const char *text_step_line(wmem_allocator_t *pool, const struct step *step);

/* The deciding step: as above, but with the policy's text: `filter FORWARD policy: -P FORWARD
 * DROP`. */
const char *text_step_decision(wmem_allocator_t *pool, const struct step *step);

/* The step in short form: `filter INPUT #3`, `filter INPUT policy`. */
const char *text_step_short(wmem_allocator_t *pool, const struct step *step);

/* What the reason means; null if its name says it all. */
const char *text_reason_explained(unsigned reason);

#endif
