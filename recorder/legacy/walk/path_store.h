/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All paths that have not been handed out: by key, and in the order in which they began. Keeps the memory of
 * those that have been for the next. */
#ifndef IPTRACE_LEGACY_WALK_PATH_STORE_H
#define IPTRACE_LEGACY_WALK_PATH_STORE_H

#include <glib.h>

#include "recorder/legacy/walk/path.h"

struct path_store {
    struct path_entry *oldest, *newest; /* by `newer` and `older` */
    uint32_t count;
    size_t bytes;       /* memory of all of them; who adds a message counts what a log grew */
    uint32_t untimed;   /* paths with `time_is_reading` */
    GHashTable *by_key; /* key → struct path_group */
    struct path_entry *held, *last_held; /* set aside, by `newer`: in the order in which that was done */
    size_t held_bytes;                   /* memory of these */
    struct path_entry *spare;            /* by `next_same_key` */
    uint32_t spare_count;
    GPtrArray *spare_groups;
};

void path_store_init(struct path_store *store);
void path_store_done(struct path_store *store);

/* All paths of that key; null where there is none. Good until the last of them is removed. */
struct path_group *path_store_find(const struct path_store *store, uint64_t key);

/* A new path, empty but for its key and its log; of the store. */
struct path_entry *path_store_add(struct path_store *store, uint64_t key);

/* Sets a path aside that no message can join any more: it stands behind those set aside before, in no ring,
 * and counts in `held_bytes` and nowhere else. */
void path_store_hold(struct path_store *store, struct path_entry *path);
/* Removes the first of these. */
void path_store_remove_held(struct path_store *store);

/* Puts the path where it belongs, after a message joined it or its state became another. */
void path_store_move(struct path_entry *path);
void path_store_change_key(struct path_store *store, struct path_entry *path, uint64_t key);

/* The time of a packet whose first message has none: not later than `latest_ns`, and not later than that of
 * any message that comes after, for the times of a stream never decrease. */
void path_store_open_time(struct path_store *store, struct path_entry *path, uint64_t latest_ns);
void path_store_set_time(struct path_store *store, struct path_entry *path, uint64_t time_ns);
void path_store_close_times(struct path_store *store, uint64_t time_ns);

#endif
