/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts rules in force that an agent has read. */
#ifndef IPTRACE_LEGACY_KERNEL_PUT_TEXT_H
#define IPTRACE_LEGACY_KERNEL_PUT_TEXT_H

#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/walk/pipeline.h"

/* Like pipeline_put_ruleset(), with a table's text from an agent's reply. */
int put_table_text(struct pipeline *pipeline, enum ip_family family, const struct table_text *text,
                   uint64_t time_ns, const struct interval *change, struct error *error);

#endif
