/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rules of one table on their way into the file, as a backend hands them on. */
#ifndef IPTRACE_CORE_RULES_RECORD_H
#define IPTRACE_CORE_RULES_RECORD_H

#include "format/family.h"
#include "format/ruleset_block.h"

/* A printf format; its argument is the text of a rule whose log messages cannot be told from TRACE
 * messages. */
#define RULES_IMITATION "a rule's log messages read like TRACE messages and may be taken for steps: %.*s"

/* Owned by the backend, and valid during the call that hands it over. */
struct rules_record {
    uint32_t number;     /* of the ruleset within the capture, from 1 */
    uint32_t generation; /* of its table, from 1 */
    enum ip_family family;
    struct bytes table;
    struct bytes netns; /* if it is one of several; else empty */
    uint64_t time_ns;   /* when it was read, since the epoch */
    struct bytes text;
    const struct ruleset_own *own; /* the recorder's own rules, which the text leaves out */
    size_t own_count;
    struct bytes imitation; /* the text of a rule whose log messages pass for TRACE messages; empty: none */
};

#endif
