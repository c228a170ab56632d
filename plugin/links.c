/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which row of the file tells of what. */
#include "plugin/links.h"

#include "plugin/rulesets.h"

/* Keys come in runs (packets are numbered one by one): frame numbers stand in pages of neighbouring keys. */
#define PAGE_BITS 4
#define PAGE_KEYS (1u << PAGE_BITS)
#define PAGES_MAX 2000000 /* a damaged file must not take all memory */

struct page {
    uint64_t number;
    uint32_t frames[PAGE_KEYS];
};

struct note {
    enum link_kind kind;
    uint64_t key;
};

static wmem_map_t *pages[LINK_KINDS]; /* by `number`; as long as the file is open */
static uint32_t page_count;
static GArray *row_notes; /* struct note: what the last new row has noted */
static uint32_t last_row; /* the last row that was read for the first time */
static bool in_row;
static bool last_row_is_kept; /* it was seen again: no read filter took it out */

static uint32_t *slot_of(enum link_kind kind, uint64_t key, bool make)
{
    uint64_t number = key >> PAGE_BITS;
    struct page *page = (struct page *)wmem_map_lookup(pages[kind], &number);
    if (!page) {
        if (!make || page_count == PAGES_MAX)
            return NULL;
        page_count++;
        page = wmem_new0(wmem_file_scope(), struct page);
        page->number = number;
        wmem_map_insert(pages[kind], &page->number, page);
    }
    return &page->frames[key & (PAGE_KEYS - 1)];
}

static void forget_notes(uint32_t frame)
{
    for (unsigned i = 0; i < row_notes->len; i++) {
        const struct note *note = &g_array_index(row_notes, struct note, i);
        uint32_t *slot = slot_of(note->kind, note->key, false);
        if (slot && *slot == frame)
            *slot = 0;
    }
}

void links_begin_row(packet_info *pinfo)
{
    if (in_row)
        return;
    in_row = true;
    if (pinfo->fd->visited) {
        last_row_is_kept |= pinfo->num == last_row;
        return;
    }
    if (pinfo->num == last_row) {
        forget_notes(last_row);
        rulesets_forget(last_row);
    }
    g_array_set_size(row_notes, 0);
    last_row = pinfo->num;
    last_row_is_kept = false;
}

void links_end_row(void)
{
    in_row = false;
}

void links_note(packet_info *pinfo, enum link_kind kind, uint64_t key)
{
    if (pinfo->fd->visited)
        return;
    uint32_t *slot = slot_of(kind, key, true);
    if (!slot || *slot != 0)
        return;
    *slot = pinfo->num;
    const struct note note = {kind, key};
    g_array_append_val(row_notes, note);
}

uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t key)
{
    const uint32_t *slot = slot_of(kind, key, false);
    if (!slot || *slot == pinfo->num)
        return 0;
    /* Whether a read filter kept the very last row is not known before it is seen again. */
    if (pinfo->fd->visited && *slot == last_row && !last_row_is_kept)
        return 0;
    return *slot;
}

static void begin_file(void)
{
    page_count = 0;
    in_row = false;
    last_row = 0;
    last_row_is_kept = false;
    g_array_set_size(row_notes, 0);
}

void links_register(void)
{
    for (unsigned i = 0; i < LINK_KINDS; i++)
        pages[i] = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
    row_notes = g_array_new(FALSE, FALSE, sizeof(struct note));
    register_init_routine(begin_file);
}
