/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A rule's line, as iptables-save prints it, in parts: most of it is in its step already.
 *
 *     -A INPUT -p udp -m udp --dport 53 -j MARK --set-xmark 0x1/0xffffffff
 *        chain options                     target target_options
 *     -P INPUT DROP
 *        chain target
 *
 * The parts join to the same line again, byte for byte; a line of which that is not true is left whole.
 * Nothing depends on what an option means. */
#ifndef IPTRACE_FORMAT_RULE_LINE_H
#define IPTRACE_FORMAT_RULE_LINE_H

#include "format/wire.h"

struct rule_line {
    struct bytes chain;
    struct bytes options; /* between the chain and the target */
    struct bytes target;  /* empty: the rule has none */
    struct bytes target_options;
    bool is_goto;   /* -g instead of -j */
    bool is_policy; /* -P: only chain and target */
};

/* Splits the line of a rule with this chain and target; false if the line is not made of them. */
bool rule_line_split(struct bytes line, struct bytes chain, struct bytes target, struct rule_line *ret_parts);

/* True if the line is the policy of that chain. */
bool rule_line_is_policy(struct bytes line, struct bytes chain, struct bytes target);

size_t rule_line_length(const struct rule_line *parts);

/* Writes the line that the parts make: rule_line_length() bytes. */
void rule_line_join(const struct rule_line *parts, uint8_t *line);

/* ---- Words ---- */

/* Words in double quotes may contain spaces and, after a backslash, quotes. */
struct rule_word {
    struct bytes text; /* between the quotes; points into the line */
    bool escaped;      /* has backslashes: rule_line_unescape() gives the text */
    bool quoted;
};

/* The next word of `rest`, which then begins after it. False at the end; `ret_bad` becomes true if a quote is
 * not closed. */
bool rule_line_next_word(struct bytes *rest, struct rule_word *ret_word, bool *ret_bad);

/* Whether it is a match's option whose value may be any text, so that a value `-j` must not be taken for the
 * option. */
bool rule_line_takes_any_text(struct bytes option);

/* The text of the next comment match; `rest` is the line after `-A CHAIN`, and then what is left of it. False
 * if there is no further one. */
bool rule_line_next_comment(struct bytes *rest, struct rule_word *ret_comment);

/* Removes the backslashes that iptables-save puts before ", \ and '. Writes at most `escaped.length` bytes
 * and returns how many. */
size_t rule_line_unescape(struct bytes escaped, char *buffer);

#endif
