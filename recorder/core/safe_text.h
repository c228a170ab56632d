/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of somebody else's on its way to a terminal, a log or a comment. */
#ifndef IPTRACE_CORE_SAFE_TEXT_H
#define IPTRACE_CORE_SAFE_TEXT_H

#include <glib.h>

#include "format/wire.h"

/* Appends text of somebody else's so that it does no harm: control characters and what is no UTF-8 become
 * `\x1b`. */
void safe_text_append(GString *out, struct bytes text);

#endif
