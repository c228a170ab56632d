/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The preferences: Edit > Preferences > Protocols > iptrace, or `-o iptrace.NAME:VALUE`. */
#ifndef IPTRACE_PLUGIN_PREFERENCES_H
#define IPTRACE_PLUGIN_PREFERENCES_H

#include "plugin/compat.h"

void preferences_register(void);

/* Registers `handle` for the Custom Blocks of every enterprise number that is accepted. */
void preferences_register_handoff(dissector_handle_t handle);

/* True if the Info column is to start with any verdict but ACCEPT. */
bool preferences_verdict_in_info(void);

/* True for our enterprise number and those that the user also accepts. */
bool preferences_accept(uint32_t enterprise_number);

#endif
