/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which row of the file tells of what. */
#include "plugin/links.h"

#include "plugin/rulesets.h"

/* Packets and rulesets are numbered one by one, and rows are read one by one: a page has the rows of
 * neighbouring keys, as distances from its first, two bytes each. What does not fit, and keys that are no
 * numbers, have an entry each. */
#define PAGE_BITS   6
#define PAGE_KEYS   (1u << PAGE_BITS)
#define ENTRIES_MAX 2000000 /* a damaged file must not take all memory */

struct page {
    uint64_t number;
    uint32_t row;                  /* the first that was noted: none is before it */
    uint16_t distances[PAGE_KEYS]; /* plus one; 0: none */
};

struct entry {
    uint64_t key;
    uint32_t row; /* 0: none */
};

struct note {
    enum link_kind kind;
    uint64_t key;
};

/* As long as the file is open. */
static wmem_map_t *pages[LINK_KINDS];   /* by `number` */
static wmem_map_t *entries[LINK_KINDS]; /* by `key` */
static uint32_t entry_count;            /* of both */
static GArray *row_notes;               /* struct note: what the last new row has noted */
static uint32_t last_row;               /* the last row that was read for the first time */
static bool in_row;
static bool last_row_is_kept; /* it was seen again: no read filter took it out */

static bool is_numbered(enum link_kind kind)
{
    return kind == LINK_PACKET || kind == LINK_MESSAGES || kind == LINK_RULESET;
}

static struct page *page_of(enum link_kind kind, uint64_t key)
{
    uint64_t number = key >> PAGE_BITS;
    return is_numbered(kind) ? (struct page *)wmem_map_lookup(pages[kind], &number) : NULL;
}

static uint32_t get_row(enum link_kind kind, uint64_t key)
{
    const struct page *page = page_of(kind, key);
    uint16_t distance = page ? page->distances[key & (PAGE_KEYS - 1)] : 0;
    if (distance != 0)
        return page->row + distance - 1;
    const struct entry *entry = (const struct entry *)wmem_map_lookup(entries[kind], &key);
    return entry ? entry->row : 0;
}

static void add_entry(enum link_kind kind, uint64_t key, uint32_t row)
{
    struct entry *entry = (struct entry *)wmem_map_lookup(entries[kind], &key);
    if (!entry) {
        if (entry_count == ENTRIES_MAX)
            return;
        entry_count++;
        entry = wmem_new0(wmem_file_scope(), struct entry);
        entry->key = key;
        wmem_map_insert(entries[kind], &entry->key, entry);
    }
    entry->row = row;
}

/* Rows are noted in their order. */
static void add_row(enum link_kind kind, uint64_t key, uint32_t row)
{
    struct page *page = page_of(kind, key);
    if (!page && is_numbered(kind) && entry_count < ENTRIES_MAX) {
        entry_count++;
        page = wmem_new0(wmem_file_scope(), struct page);
        page->number = key >> PAGE_BITS;
        page->row = row;
        wmem_map_insert(pages[kind], &page->number, page);
    }
    if (page && row >= page->row && row - page->row < UINT16_MAX)
        page->distances[key & (PAGE_KEYS - 1)] = (uint16_t)(row - page->row + 1);
    else
        add_entry(kind, key, row);
}

static void forget(enum link_kind kind, uint64_t key, uint32_t row)
{
    if (get_row(kind, key) != row)
        return;
    struct page *page = page_of(kind, key);
    struct entry *entry = (struct entry *)wmem_map_lookup(entries[kind], &key);
    if (page)
        page->distances[key & (PAGE_KEYS - 1)] = 0;
    if (entry)
        entry->row = 0;
}

static void forget_notes(uint32_t row)
{
    for (unsigned i = 0; i < row_notes->len; i++) {
        const struct note *note = &g_array_index(row_notes, struct note, i);
        forget(note->kind, note->key, row);
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
    if (get_row(kind, key) != 0)
        return;
    add_row(kind, key, pinfo->num);
    const struct note note = {kind, key};
    g_array_append_val(row_notes, note);
}

uint32_t links_find(const packet_info *pinfo, enum link_kind kind, uint64_t key)
{
    uint32_t row = get_row(kind, key);
    if (row == pinfo->num)
        return 0;
    /* Whether a read filter kept the very last row is not known before it is seen again. */
    if (pinfo->fd->visited && row == last_row && !last_row_is_kept)
        return 0;
    return row;
}

static void begin_file(void)
{
    entry_count = 0;
    in_row = false;
    last_row = 0;
    last_row_is_kept = false;
    g_array_set_size(row_notes, 0);
}

void links_register(void)
{
    for (unsigned i = 0; i < LINK_KINDS; i++) {
        pages[i] = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
        entries[i] =
            wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(), g_int64_hash, g_int64_equal);
    }
    row_notes = g_array_new(FALSE, FALSE, sizeof(struct note));
    register_init_routine(begin_file);
}
