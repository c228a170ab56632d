/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* One line of iptables-save: `-A CHAIN … -j TARGET`, parsed as far as we need it. */
#ifndef IPTRACE_LEGACY_WALK_RULE_TEXT_H
#define IPTRACE_LEGACY_WALK_RULE_TEXT_H

#include "format/wire.h"

struct rule_text {
    struct bytes target; /* empty if the rule has none; points into the line */
    bool is_goto;
    struct bytes comment; /* of the first comment match: between its quotes, still escaped; in the line */
    bool comment_escaped; /* has backslashes: rule_line_unescape() gives the text */
    bool bare;            /* there is nothing between the chain and `-j`, and nothing after the target */
};

/* `rest` is the line after `-A CHAIN`. False if a quote is not closed. */
bool rule_text_parse(struct bytes rest, struct rule_text *ret_rule);

/* The line of a rule with target NFLOG. True if what it logs cannot be told from a TRACE message: it goes to
 * group 0, and its prefix reads like one. */
bool rule_text_imitates_trace(struct bytes line);

#endif
