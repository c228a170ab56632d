/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an agent has read, put in force. */
#ifndef IPTRACE_LEGACY_KERNEL_PUT_TEXT_H
#define IPTRACE_LEGACY_KERNEL_PUT_TEXT_H

#include "recorder/legacy/agent/agent_reply.h"
#include "recorder/legacy/walk/pipeline.h"

/* As pipeline_put_ruleset(), with a table's text as an agent's reply has it. */
int put_table_text(struct pipeline *pipeline, enum ip_family family, const struct table_text *text,
                   uint64_t time_ns, const struct interval *change, struct error *error);

#endif
