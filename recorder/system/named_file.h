/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that the user names, opened with the user's own rights.
 *
 * A recorder that a user other than root may start (file capabilities, docs/privileges.md) has more rights
 * than that user: they are for the kernel's tables and must open nothing that the user could not. So for as
 * long as such a file is opened or removed, no capability is in effect and the user is the real one. Root is
 * root. */
#ifndef IPTRACE_SYSTEM_NAMED_FILE_H
#define IPTRACE_SYSTEM_NAMED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "recorder/core/error.h"

/* For calls that open by themselves: between the two, the user's own rights are all there are. */
struct own_rights {
    bool is_aside;
    uint64_t permitted, effective;
};
void own_rights_begin(struct own_rights *ret_rights);
void own_rights_end(const struct own_rights *rights);

/* As open(), O_CLOEXEC and O_NOCTTY included; negative errno. A pipe that is to be written to is waited for
 * until it has a reader: -EINTR where a signal comes first (interrupt.h); it stays non-blocking. */
int named_file_open(const char *path, int flags, mode_t mode);

/* Makes a file for writing that is not there yet, -EEXIST where it is, and follows no link. Under sudo(8) it
 * belongs to the user who called it, as far as the file system allows. */
int named_file_create(const char *path, mode_t mode);

/* Whether it is a file of the user who called sudo(8). */
bool named_file_is_of_caller(int fd);

/* As unlink(). */
int named_file_remove(const char *path);

#endif
