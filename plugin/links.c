/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which row of the file is about which packet. */
#include "plugin/links.h"

#include <string.h>

#include "plugin/rows.h"

/* Packets are numbered consecutively, but a file may hold any of them in any order: a page has those of
 * PAGE_PACKETS neighbours that were seen, in ascending order, so that the cost per packet stays the same
 * whether few or all were. */
#define PAGE_BITS    14
#define PAGE_PACKETS (1u << PAGE_BITS)
#define PAGES_MAX    1000000 /* a damaged file must not take all memory */

struct packet_rows {
    uint32_t row[LINK_KINDS]; /* 0: none is known */
};

struct page {
    uint64_t number; /* the packet ids without their last PAGE_BITS bits */
    uint32_t count, capacity;
    uint16_t *last_bits; /* ascending */
    struct packet_rows *rows;
};

struct note {
    enum link_kind kind;
    uint64_t packet_id;
};

static wmem_map_t *pages; /* by `number`; as long as the file is open */
static uint32_t page_count;
static GArray *row_notes;  /* struct note: what one row has noted, the last that did … */
static uint32_t noted_row; /* … and which it is */

static struct page *page_of(uint64_t packet_id, bool make)
{
    uint64_t number = packet_id >> PAGE_BITS;
    struct page *page = (struct page *)wmem_map_lookup(pages, &number);
    if (page || !make || page_count == PAGES_MAX)
        return page;
    page_count++;
    page = wmem_new0(wmem_file_scope(), struct page);
    page->number = number;
    wmem_map_insert(pages, &page->number, page);
    return page;
}

/* Where the packet stands in its page, or would have to. */
static uint32_t position_in(const struct page *page, uint16_t last_bits)
{
    uint32_t low = 0, high = page->count;
    if (high > 0 && page->last_bits[high - 1] < last_bits)
        return high; /* as most are: later than all before */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (page->last_bits[middle] < last_bits)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void grow(struct page *page)
{
    page->capacity = MIN(page->capacity + page->capacity / 2 + 4, PAGE_PACKETS);
    page->last_bits = (uint16_t *)wmem_realloc(wmem_file_scope(), page->last_bits,
                                               page->capacity * sizeof *page->last_bits);
    page->rows = (struct packet_rows *)wmem_realloc(wmem_file_scope(), page->rows,
                                                    page->capacity * sizeof *page->rows);
}

/* Null where the packet is not known, and where there is no room to make it known. */
static struct packet_rows *rows_of(uint64_t packet_id, bool make)
{
    uint16_t last_bits = packet_id & (PAGE_PACKETS - 1);
    struct page *page = page_of(packet_id, make);
    if (!page)
        return NULL;
    uint32_t at = position_in(page, last_bits);
    if (at < page->count && page->last_bits[at] == last_bits)
        return &page->rows[at];
    if (!make)
        return NULL;
    if (page->count == page->capacity)
        grow(page);
    memmove(&page->last_bits[at + 1], &page->last_bits[at], (page->count - at) * sizeof *page->last_bits);
    memmove(&page->rows[at + 1], &page->rows[at], (page->count - at) * sizeof *page->rows);
    page->count++;
    page->last_bits[at] = last_bits;
    page->rows[at] = (struct packet_rows){{0}};
    return &page->rows[at];
}

static void forget(uint32_t row)
{
    if (row != noted_row)
        return;
    for (unsigned i = 0; i < row_notes->len; i++) {
        const struct note *note = &g_array_index(row_notes, struct note, i);
        struct packet_rows *rows = rows_of(note->packet_id, false);
        if (rows && rows->row[note->kind] == row)
            rows->row[note->kind] = 0;
    }
    noted_row = 0;
}

void links_note(packet_info *pinfo, enum link_kind kind, uint64_t packet_id)
{
    if (pinfo->fd->visited)
        return;
    struct packet_rows *rows = rows_of(packet_id, true);
    if (!rows || rows->row[kind] != 0)
        return;
    rows->row[kind] = pinfo->num;
    if (noted_row != pinfo->num)
        g_array_set_size(row_notes, 0);
    noted_row = pinfo->num;
    const struct note note = {kind, packet_id};
    g_array_append_val(row_notes, note);
}

uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t packet_id)
{
    const struct packet_rows *rows = rows_of(packet_id, false);
    return rows ? rows_target(pinfo, rows->row[kind]) : 0;
}

static void begin_file(void)
{
    page_count = 0;
    noted_row = 0;
}

void links_register(void)
{
    pages = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
    row_notes = g_array_new(FALSE, FALSE, sizeof(struct note));
    rows_register_forget(forget);
    register_init_routine(begin_file);
}
