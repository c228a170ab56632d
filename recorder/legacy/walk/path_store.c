/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* All paths that have not been handed out: by key, and in the order in which they began. */
#include "recorder/legacy/walk/path_store.h"

#include <string.h>

#define SPARE_PATHS_MAX 1024
#define SPARE_LOG_MAX   8192 /* memory of a log that is kept for the next path */

struct path_group *path_store_find(const struct path_store *store, uint64_t key)
{
    return g_hash_table_lookup(store->by_key, &key);
}

static struct path_group *group_join(struct path_store *store, uint64_t key)
{
    struct path_group *group = path_store_find(store, key);
    if (!group) {
        guint spare = store->spare_groups->len;
        group = spare > 0 ? g_ptr_array_steal_index_fast(store->spare_groups, spare - 1)
                          : g_new(struct path_group, 1);
        *group = (struct path_group){.key = key};
        g_hash_table_insert(store->by_key, &group->key, group);
        store->bytes += sizeof *group;
    }
    group->count++;
    return group;
}

static void group_leave(struct path_store *store, struct path_group *group)
{
    if (--group->count > 0)
        return;
    g_hash_table_remove(store->by_key, &group->key);
    store->bytes -= sizeof *group;
    if (store->spare_groups->len < SPARE_PATHS_MAX)
        g_ptr_array_add(store->spare_groups, group);
    else
        g_free(group);
}

static unsigned ring_of(const struct path_entry *path)
{
    struct spot spot = path->visit.spot;
    return path->state == PATH_CLOSED    ? RING_CLOSED
           : path->state == PATH_RESTING ? RING_RESTING
                                         : RING_OPEN + spot.hook * TABLE_COUNT + spot.table;
}

/* Open paths that were joined last come first, the others in the order in which they came. */
static void put_into_ring(struct path_entry *path)
{
    path->ring = ring_of(path);
    struct path_entry **head = &path->group->rings[path->ring];
    path->next_same_key = *head ? *head : path;
    path->previous_same_key = *head ? (*head)->previous_same_key : path;
    path->previous_same_key->next_same_key = path;
    path->next_same_key->previous_same_key = path;
    if (path->state == PATH_OPEN || !*head)
        *head = path;
}

static void remove_from_ring(struct path_entry *path)
{
    struct path_entry *next = path->next_same_key, **head = &path->group->rings[path->ring];
    path->previous_same_key->next_same_key = next;
    next->previous_same_key = path->previous_same_key;
    if (*head == path) // NOLINT(clang-analyzer-unix.Malloc): never one removed
        *head = next == path ? NULL : next;
}

void path_store_move(struct path_entry *path)
{
    if (path->ring == ring_of(path) && path->state != PATH_OPEN)
        return;
    remove_from_ring(path);
    put_into_ring(path);
}

static struct path_entry *take_memory(struct path_store *store)
{
    struct path_entry *path = store->spare;
    struct message_log *log;
    if (path) {
        store->spare = path->next_same_key;
        store->spare_count--;
        log = path->log;
    } else {
        path = g_new(struct path_entry, 1);
        log = message_log_new();
    }
    memset(path, 0, sizeof *path);
    path->log = log;
    return path;
}

static void give_memory(struct path_store *store, struct path_entry *path)
{
    message_log_clear(path->log);
    if (store->spare_count == SPARE_PATHS_MAX || message_log_memory(path->log) > SPARE_LOG_MAX) {
        message_log_free(path->log);
        g_free(path);
        return;
    }
    path->next_same_key = store->spare;
    store->spare = path;
    store->spare_count++;
}

static size_t memory_of(const struct path_entry *path)
{
    return sizeof *path + message_log_memory(path->log);
}

struct path_entry *path_store_add(struct path_store *store, uint64_t key)
{
    struct path_entry *path = take_memory(store);
    path->group = group_join(store, key);
    path->older = store->newest;
    if (store->newest)
        store->newest->newer = path;
    else
        store->oldest = path;
    store->newest = path;
    store->count++;
    store->bytes += memory_of(path);
    put_into_ring(path);
    return path;
}

/* Out of the ring and out of the order of those that are open. */
static void take_out(struct path_store *store, struct path_entry *path)
{
    path_store_set_time(store, path, path->time_ns);
    remove_from_ring(path);
    group_leave(store, path->group);
    if (path->older)
        path->older->newer = path->newer;
    else
        store->oldest = path->newer;
    if (path->newer)
        path->newer->older = path->older;
    else
        store->newest = path->older;
    store->count--;
    store->bytes -= memory_of(path);
}

static void remove_path(struct path_store *store, struct path_entry *path)
{
    take_out(store, path);
    give_memory(store, path);
}

void path_store_hold(struct path_store *store, struct path_entry *path)
{
    take_out(store, path);
    path->newer = NULL;
    if (store->last_held)
        store->last_held->newer = path;
    else
        store->held = path;
    store->last_held = path;
    store->held_bytes += memory_of(path);
}

void path_store_remove_held(struct path_store *store)
{
    struct path_entry *path = store->held;
    store->held = path->newer;
    if (!store->held)
        store->last_held = NULL;
    store->held_bytes -= memory_of(path);
    give_memory(store, path);
}

void path_store_change_key(struct path_store *store, struct path_entry *path, uint64_t key)
{
    struct path_group *former = path->group;
    remove_from_ring(path);
    path->group = group_join(store, key);
    put_into_ring(path);
    group_leave(store, former);
}

/* ---- Times ---- */

void path_store_open_time(struct path_store *store, struct path_entry *path, uint64_t latest_ns)
{
    path->time_is_reading = true;
    path->time_ns = latest_ns;
    store->untimed++;
}

void path_store_set_time(struct path_store *store, struct path_entry *path, uint64_t time_ns)
{
    store->untimed -= path->time_is_reading;
    path->time_is_reading = false;
    path->time_ns = time_ns;
}

void path_store_close_times(struct path_store *store, uint64_t time_ns)
{
    for (struct path_entry *path = store->newest; path && store->untimed > 0; path = path->older)
        if (path->time_is_reading)
            path_store_set_time(store, path, MIN(path->time_ns, time_ns));
}

/* ---- Beginning and end ---- */

void path_store_init(struct path_store *store)
{
    *store = (struct path_store){
        .by_key = g_hash_table_new(g_int64_hash, g_int64_equal),
        .spare_groups = g_ptr_array_new_with_free_func(g_free),
    };
}

void path_store_done(struct path_store *store)
{
    while (store->held)
        path_store_remove_held(store);
    while (store->oldest)
        remove_path(store, store->oldest); // NOLINT(clang-analyzer-unix.Malloc): never one removed
    while (store->spare) {
        struct path_entry *path = store->spare;
        store->spare = path->next_same_key;
        message_log_free(path->log);
        g_free(path);
    }
    g_ptr_array_unref(store->spare_groups);
    g_hash_table_destroy(store->by_key);
}
