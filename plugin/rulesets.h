/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rulesets of the file: their text split into lines, and what one part has to know from the part
 * before. */
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
    struct bytes policy; /* `-` for a user-defined chain */
    uint32_t number;     /* of a rule within its chain, from 1 */
};

/* Iterates over the lines of a text. The rules of a chain follow each other, as iptables-save prints them. */
struct ruleset_cursor {
    struct bytes rest;
    struct bytes chain; /* of the rule before */
    uint32_t number;
};

bool ruleset_next_line(struct ruleset_cursor *cursor, struct ruleset_line *ret_line);

/* One part of a ruleset, kept as long as the file is open. */
struct ruleset_kept {
    uint64_t key; /* capture, ruleset and part */
    uint32_t frame;
    struct ruleset_part part;         /* with copies of its strings; `body` is not set */
    struct ruleset_cursor begin, end; /* where its text begins and ends; `rest` of `begin` is the text */
};

void rulesets_register(void);

/* Keeps a part when it is read for the first time. Returns what is kept of it, now or since an earlier time;
 * never null. */
const struct ruleset_kept *rulesets_keep(packet_info *pinfo, const struct ruleset_part *part);

/* In the order in which they were read. */
uint32_t rulesets_count(void);
const struct ruleset_kept *rulesets_at(uint32_t index);

/* Another part of the same ruleset; null if it has not been read. */
const struct ruleset_kept *rulesets_part(const struct ruleset_part *part, uint32_t number);

/* The row of a ruleset's first part; 0 if it has not been read. */
uint32_t rulesets_row(uint32_t capture_id, uint32_t ruleset);

#endif
