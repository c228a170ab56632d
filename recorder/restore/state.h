/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The file that a recording keeps in /run while it runs: what it changed in the kernel for a namespace, and
 * what was there before, in case none of its processes survives to put that back. */
#ifndef IPTRACE_RESTORE_STATE_H
#define IPTRACE_RESTORE_STATE_H

#include <glib.h>
#include <sys/types.h>

#include "format/family.h"
#include "recorder/core/error.h"

#define STATE_DIRECTORY   "/run/iptrace-record" /* mode 0700 */
#define STATE_PATH_SIZE   256
#define STATE_TAG_SIZE    65 /* state_tag.h */
#define STATE_LOGGER_SIZE 64 /* NFLOGGER_NAME_LEN, net/netfilter/nf_log.c */

/* Contains no pointers, because it is also sent from the recorder to its guard. */
struct state {
    char tag[STATE_TAG_SIZE];
    dev_t device; /* of the network namespace */
    ino_t inode;
    char path[STATE_PATH_SIZE]; /* as which it was opened; empty: the recorder's own */
    size_t family_count;
    struct state_family {
        enum ip_family family;
        char former_logger[STATE_LOGGER_SIZE]; /* empty: not known */
    } families[2];
};

/* 0 if every string is terminated and every count is within bounds, else negative errno. */
int state_check(const struct state *state);

/* Writes the file atomically, replacing one with the same tag and namespace. */
int state_write(const struct state *state, struct error *error);
/* A missing file is not an error. */
int state_remove(const struct state *state, struct error *error);

/* All state files that can be read, as an array of struct state; empty if the directory cannot be read. */
GArray *state_list(void);

/* Opens the state's namespace, wherever it is found: by its path, its name below /run/netns, or a process in
 * it. -ENOENT: it is gone. */
int state_open_netns(const struct state *state);

#endif
