/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rows of the file, by their numbers, so that rows can point to each other.
 *
 * The number of a row that a read filter (-R) leaves out is reused for the next row: what was noted about the
 * row left out must be forgotten. */
#ifndef IPTRACE_PLUGIN_ROWS_H
#define IPTRACE_PLUGIN_ROWS_H

#include "plugin/compat.h"

/* Forgets what was noted about the row with that number, the last one that was read for the first time. */
typedef void rows_forget_fn(uint32_t row);

void rows_register(void);
void rows_register_forget(rows_forget_fn *forget);

/* To be called before and after everything else that is done for a row; a second rows_begin() before
 * rows_end() does nothing. */
void rows_begin(packet_info *pinfo);
void rows_end(void);

/* Returns `row`, which was noted elsewhere, if this row may point to it; else 0. */
uint32_t rows_target(const packet_info *pinfo, uint32_t row);

#endif
