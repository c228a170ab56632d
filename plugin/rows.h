/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows of the file, by their numbers, so that one can point to another.
 *
 * Numbers of rows that a read filter (-R) leaves out are given again to the rows after them: what such a row
 * has said of itself must be forgotten. */
#ifndef IPTRACE_PLUGIN_ROWS_H
#define IPTRACE_PLUGIN_ROWS_H

#include "plugin/compat.h"

/* Forgets what the row of that number, the last that was read for the first time, has said of itself. */
typedef void rows_forget_fn(uint32_t row);

void rows_register(void);
void rows_register_forget(rows_forget_fn *forget);

/* To be called before and after all else that is done for a row; again before the end does nothing. */
void rows_begin(packet_info *pinfo);
void rows_end(void);

/* `row`, which was noted elsewhere, as one that this row may point to; 0 where it is none. */
uint32_t rows_target(const packet_info *pinfo, uint32_t row);

#endif
