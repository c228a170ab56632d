/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rulesets of the file: their text taken apart, and what one part has to know of the part before. */
#ifndef IPTRACE_PLUGIN_RULESETS_H
#define IPTRACE_PLUGIN_RULESETS_H

#include "plugin/compat.h"

#include "format/ruleset_block.h"

enum ruleset_line_kind {
    RULESET_LINE_CHAIN, /* `:INPUT DROP [0:0]` */
    RULESET_LINE_RULE,  /* `-A INPUT -j ACCEPT` */
    RULESET_LINE_OTHER, /* `*filter`, `COMMIT`, comments */
};

struct ruleset_line {
    enum ruleset_line_kind kind;
    struct bytes text; /* the whole line */
    struct bytes chain;
    struct bytes policy; /* `-` for a chain of the user's */
    uint32_t number;     /* of a rule within its chain, from 1 */
};

/* Goes through the lines of a text. Rules of a chain follow each other, as iptables-save prints them. */
struct ruleset_cursor {
    struct bytes rest;
    struct bytes chain; /* of the rule before */
    uint32_t number;
};

bool ruleset_next_line(struct ruleset_cursor *cursor, struct ruleset_line *ret_line);

void rulesets_register(void);

/* A cursor for the part's text that goes on counting where the part before it ended. */
struct ruleset_cursor rulesets_begin(const struct ruleset_part *part);

/* Keeps where the part ended, for the next one. `cursor` is at the end of its text. */
void rulesets_end(const struct ruleset_part *part, const struct ruleset_cursor *cursor);

#endif
