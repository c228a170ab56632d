/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The lock that every iptables-legacy command takes. */
#include "recorder/legacy/agent/xtables_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "recorder/core/ownership.h"
#include "recorder/system/interrupt.h"

#define POLL_MS 10

/* A line of /proc/locks, proc_locks(5): `1: FLOCK  ADVISORY  WRITE 4711 00:19:1042 0 EOF`. */
static long find_holder(int fd)
{
    struct stat status;
    CLEANUP_FCLOSE FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    if (!locks || fstat(fd, &status))
        return 0;
    while (fgets(line, sizeof line, locks)) {
        long pid;
        unsigned int device_major, device_minor;
        unsigned long inode;
        if (sscanf(line, "%*d: FLOCK %*s %*s %ld %x:%x:%lu", &pid, &device_major, &device_minor, &inode) ==
                4 &&
            inode == status.st_ino && device_major == major(status.st_dev) &&
            device_minor == minor(status.st_dev))
            return pid;
    }
    return 0;
}

static int busy_error(int fd, struct error *error)
{
    long pid = find_holder(fd);
    g_autofree char *path = g_strdup_printf("/proc/%ld/comm", pid);
    g_autofree char *name = NULL;
    if (pid <= 0)
        return error_set(error, EBUSY,
                         "%s has been locked for %d s by a process that cannot be seen from here",
                         XTABLES_LOCK_FILE, XTABLES_LOCK_TIMEOUT_MS / 1000);
    if (g_file_get_contents(path, &name, NULL, NULL))
        g_strchomp(name);
    return error_set(error, EBUSY, "%s has been locked for %d s by process %ld (%s): wait until it has ended",
                     XTABLES_LOCK_FILE, XTABLES_LOCK_TIMEOUT_MS / 1000, pid, name ? name : "gone by now");
}

int xtables_lock_take(enum xtables_lock_wait wait, int *ret_fd, struct error *error)
{
    CLEANUP_CLOSE int fd = -1;
    if (wait != XTABLES_LOCK_HELD) {
        fd = open(XTABLES_LOCK_FILE, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0 && errno != EACCES && errno != EPERM && errno != EROFS && errno != ENOENT)
            return error_set(error, errno, "the lock %s cannot be opened: %s", XTABLES_LOCK_FILE,
                             g_strerror(errno));
    }
    gint64 deadline = g_get_monotonic_time() + XTABLES_LOCK_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
    while (fd >= 0 && flock(fd, LOCK_EX | (wait == XTABLES_LOCK_FOREVER ? 0 : LOCK_NB))) {
        if (errno == EWOULDBLOCK && g_get_monotonic_time() < deadline) {
            if (interrupt_poll(-1, 0, POLL_MS) < 0)
                return error_set(error, EINTR, "interrupted by a signal while waiting for the lock %s",
                                 XTABLES_LOCK_FILE);
        } else if (errno == EWOULDBLOCK)
            return busy_error(fd, error);
        else if (errno != EINTR)
            return error_set(error, errno, "the lock %s cannot be taken: %s", XTABLES_LOCK_FILE,
                             g_strerror(errno));
    }
    *ret_fd = take_fd(&fd);
    return 0;
}
