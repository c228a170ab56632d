/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the tests of the helper see of the kernel, by iptables' own programs. All strings are freed with
 * g_free. */
#ifndef RULES_AGENT_WORLD_H
#define RULES_AGENT_WORLD_H

#include <stdbool.h>

#include "format/family.h"
#include "recorder/legacy/agent/agent.h"

#define TIMEOUT_MS 20000
#define TAG        "test:1"

/* Counts and prints what does not hold; a format and its arguments may follow the condition. */
#define CHECK(condition, ...) world_check((condition), #condition, __LINE__, " " __VA_ARGS__)

bool world_check(bool holds, const char *what, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

extern int world_failures; /* of the case that runs */

/* Standard output of a shell command. */
char *world_output(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Runs a shell command that must succeed. */
void world_run(const char *command);
/* Every table that exists, with counters, in both families, and the loggers. */
char *world_snapshot(void);
/* Waits until the snapshot is `wanted`. */
bool world_becomes(const char *wanted, int timeout_ms);
/* The names of a family's tables, sorted, a line each. */
char *world_tables(enum ip_family family);
int world_own_rules(void);
int world_count(const char *text, const char *word);

/* Some user's rules in filter and raw, with counters. */
extern const char world_rules[];
/* No filter, no limit, tag TAG. */
extern const struct trace_options world_plain;

/* Calls that must succeed. */
struct agent *world_agent(enum ip_family family);
void world_agent_close(struct agent *agent);
void world_install(struct agent *agent, const struct trace_options *options, struct trace_report *report);

/* Asks for a renewal and waits for its answer; `report` may be NULL. */
int world_renew(struct agent *agent, int64_t date_stop, struct trace_report *report, struct error *error);

/* Cases of rules_agent_rules.c. */
void test_options(void);
void test_limits(void);
void test_tags(void);
void test_renew(void);
void test_state(void);

#endif
