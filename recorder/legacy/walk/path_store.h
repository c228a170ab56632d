/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* All paths that have not been handed out: by key, and in the order in which they began. Reuses the memory of
 * those that have been. */
#ifndef IPTRACE_LEGACY_WALK_PATH_STORE_H
#define IPTRACE_LEGACY_WALK_PATH_STORE_H

#include <glib.h>

#include "recorder/legacy/walk/path.h"

struct path_store {
    struct path_entry *oldest, *newest; /* by `newer` and `older` */
    uint32_t count;
    size_t bytes;       /* memory of all of them; whoever adds a message adds the growth of its log */
    uint32_t untimed;   /* paths with `time_is_reading` */
    GHashTable *by_key; /* key → struct path_group */
    struct path_entry *held, *last_held; /* held back for confirmation, in that order by `newer` */
    size_t held_bytes;                   /* memory of these */
    struct path_entry *spare;            /* linked by `next_same_key` */
    uint32_t spare_count;
    GPtrArray *spare_groups;
};

void path_store_init(struct path_store *store);
void path_store_done(struct path_store *store);

/* All paths with that key; null if there is none. Valid until the last of them is removed. */
struct path_group *path_store_find(const struct path_store *store, uint64_t key);

/* Adds a new path, empty except for its key and its log; owned by the store. */
struct path_entry *path_store_add(struct path_store *store, uint64_t key);

/* Holds back a path that no message can join any more: it goes after those held already, is in no ring, and
 * counts in `held_bytes` and nowhere else. */
void path_store_hold(struct path_store *store, struct path_entry *path);
/* Removes the first of those held. */
void path_store_remove_held(struct path_store *store);

/* Moves the path to where it belongs, after a message joined it or its state changed. */
void path_store_move(struct path_entry *path);
void path_store_change_key(struct path_store *store, struct path_entry *path, uint64_t key);

/* Sets the time of a packet whose first message has none: not later than `latest_ns`, and not later than that
 * of any later message, because the times of a stream never decrease. */
void path_store_open_time(struct path_store *store, struct path_entry *path, uint64_t latest_ns);
void path_store_set_time(struct path_store *store, struct path_entry *path, uint64_t time_ns);
void path_store_close_times(struct path_store *store, uint64_t time_ns);

#endif
