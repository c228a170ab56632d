/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Untrusted text on its way to a terminal, a log or a comment. */
#ifndef IPTRACE_CORE_SAFE_TEXT_H
#define IPTRACE_CORE_SAFE_TEXT_H

#include <glib.h>

#include "format/wire.h"

/* Appends untrusted text in a harmless form: control characters and bytes that are not UTF-8 become escapes
 * such as `\x1b`. */
void safe_text_append(GString *out, struct bytes text);

#endif
