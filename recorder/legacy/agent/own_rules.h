/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our own TRACE rules in a table that the caller has open. */
#ifndef IPTRACE_LEGACY_AGENT_OWN_RULES_H
#define IPTRACE_LEGACY_AGENT_OWN_RULES_H

#include <glib.h>

#include "recorder/legacy/agent/legacy.h"
#include "recorder/legacy/agent/trace_rule.h"

/* An array of struct own_rule, in the order of the table; found by their tag, never by number. */
GArray *own_rules_find(const struct legacy *legacy, struct xtc_handle *handle);

#endif
