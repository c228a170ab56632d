/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a recording leaves in /run while it runs: what it changed in a namespace's kernel and what was there
 * before, for the day when nobody of it is left to put that back. */
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

/* By value: it also travels from the recorder to its guard. */
struct state {
    char tag[STATE_TAG_SIZE];
    dev_t device; /* of the network namespace */
    ino_t inode;
    char path[STATE_PATH_SIZE]; /* by which it was opened; empty: the recorder's own */
    size_t family_count;
    struct state_family {
        enum ip_family family;
        char former_logger[STATE_LOGGER_SIZE]; /* empty: not known */
    } families[2];
};

/* Every string ends, every count is bounded. */
int state_check(const struct state *state);

/* Makes the file, whole or not at all, in the place of one of the same tag and namespace. */
int state_write(const struct state *state, struct error *error);
/* No such file is no error. */
int state_remove(const struct state *state, struct error *error);

/* All that are there and can be read, an array of struct state; empty where the directory cannot be read. */
GArray *state_list(void);

/* Opens the state's namespace, wherever it is found: by its path, its name below /run/netns, or a process in
 * it. -ENOENT: it is gone. */
int state_open_netns(const struct state *state);

#endif
