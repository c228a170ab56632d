/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Files that the user names, opened with the user's own rights.
 *
 * A recorder that users other than root may start (file capabilities, docs/privileges.md) has more rights
 * than such a user. They are for the kernel's tables, and must not open anything that the user could not. So
 * while such a file is opened or removed, no capability is in effect, and the effective user is the real one.
 * For root nothing changes. */
#ifndef IPTRACE_SYSTEM_NAMED_FILE_H
#define IPTRACE_SYSTEM_NAMED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "recorder/core/error.h"

/* For library calls that open files themselves: between the two calls, only the user's own rights are in
 * effect. */
struct own_rights {
    bool is_aside;
    uint64_t permitted, effective;
};
void own_rights_begin(struct own_rights *ret_rights);
void own_rights_end(const struct own_rights *rights);

/* Like open(), with O_CLOEXEC and O_NOCTTY added; negative errno. A pipe opened for writing is waited for
 * until it has a reader, -EINTR if a signal comes first (interrupt.h); it stays non-blocking. */
int named_file_open(const char *path, int flags, mode_t mode);

/* Creates a file for writing, which must not exist yet (-EEXIST); follows no link. Under sudo(8) it belongs
 * to the user who called sudo, as far as the file system allows. */
int named_file_create(const char *path, mode_t mode);

/* Whether the file belongs to the user who called sudo(8). */
bool named_file_is_of_caller(int fd);

/* Like unlink(). */
int named_file_remove(const char *path);

#endif
