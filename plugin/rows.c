/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rows of the file, by their numbers. */
#include "plugin/rows.h"

static GPtrArray *forgetters; /* of rows_forget_fn */
static uint32_t last_row;     /* the last row that was read for the first time */
static bool last_row_is_kept; /* it was seen again: no read filter took it out */
static bool in_row;

void rows_begin(packet_info *pinfo)
{
    if (in_row)
        return;
    in_row = true;
    if (pinfo->fd->visited) {
        last_row_is_kept |= pinfo->num == last_row;
        return;
    }
    if (pinfo->num == last_row)
        for (guint i = 0; i < forgetters->len; i++)
            ((rows_forget_fn *)g_ptr_array_index(forgetters, i))(last_row);
    last_row = pinfo->num;
    last_row_is_kept = false;
}

void rows_end(void)
{
    in_row = false;
}

uint32_t rows_target(const packet_info *pinfo, uint32_t row)
{
    if (row == pinfo->num)
        return 0;
    /* Whether a read filter kept the very last row is not known before it is seen again. */
    if (pinfo->fd->visited && row == last_row && !last_row_is_kept)
        return 0;
    return row;
}

static void begin_file(void)
{
    in_row = false;
    last_row = 0;
    last_row_is_kept = false;
}

void rows_register_forget(rows_forget_fn *forget)
{
    g_ptr_array_add(forgetters, (gpointer)forget);
}

void rows_register(void)
{
    forgetters = g_ptr_array_new();
    register_init_routine(begin_file);
}
