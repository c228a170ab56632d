/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Files that the user names. */
#include "recorder/system/named_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/interrupt.h"

#define READER_INTERVAL_MS 50

/* ---- Rights ---- */

static int get_capabilities(struct own_rights *ret_rights)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    ret_rights->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    ret_rights->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    return 0;
}

static void set_effective(const struct own_rights *rights, uint64_t effective)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[2] = {
        {.effective = (uint32_t)effective,         .permitted = (uint32_t)rights->permitted        },
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(rights->permitted >> 32)},
    };
    if (syscall(SYS_capset, &header, data) < 0)
        g_error("capabilities cannot be set aside: %s", g_strerror(errno)); /* less is always allowed */
}

void own_rights_begin(struct own_rights *ret_rights)
{
    *ret_rights = (struct own_rights){false, 0, 0};
    /* Behind the filter of system calls nothing is left to be set aside, and this fails. */
    if (getuid() == 0 || get_capabilities(ret_rights) < 0 ||
        (ret_rights->effective == 0 && geteuid() == getuid()))
        return;
    ret_rights->is_aside = true;
    setfsgid(getgid());
    setfsuid(getuid());
    set_effective(ret_rights, 0);
}

void own_rights_end(const struct own_rights *rights)
{
    int err = errno;
    if (rights->is_aside) {
        set_effective(rights, rights->effective);
        setfsuid(geteuid());
        setfsgid(getegid());
    }
    errno = err;
}

/* ---- sudo ---- */

static bool read_id(const char *name, unsigned *ret_id)
{
    guint64 id;
    const char *text = g_getenv(name);
    if (!text || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &id, NULL))
        return false;
    *ret_id = (unsigned)id;
    return true;
}

/* The variables are root's word only where root reads them: sudo sets them itself. */
static bool find_caller(uid_t *ret_user, gid_t *ret_group)
{
    return getuid() == 0 && geteuid() == 0 && read_id("SUDO_UID", ret_user) && read_id("SUDO_GID", ret_group);
}

bool named_file_is_of_caller(int fd)
{
    struct stat status;
    uid_t user;
    gid_t group;
    return find_caller(&user, &group) && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_uid == user;
}

/* ---- Opening ---- */

static bool is_pipe(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

static int open_once(const char *path, int flags, mode_t mode)
{
    struct own_rights rights;
    own_rights_begin(&rights);
    int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    int result = fd < 0 ? -errno : fd;
    if (result == -ENXIO && !is_pipe(path))
        result = -ENODEV;
    own_rights_end(&rights);
    return result;
}

int named_file_open(const char *path, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) != O_WRONLY)
        return open_once(path, flags, mode);
    for (;;) {
        int fd = open_once(path, flags | O_NONBLOCK, mode);
        if (fd != -ENXIO)
            return fd;
        int waited = interrupt_poll(-1, 0, READER_INTERVAL_MS);
        if (waited < 0)
            return waited;
    }
}

int named_file_create(const char *path, mode_t mode)
{
    uid_t user;
    gid_t group;
    int fd = open_once(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    if (fd >= 0 && find_caller(&user, &group) && fchown(fd, user, group) < 0)
        return fd;
    return fd;
}

int named_file_remove(const char *path)
{
    struct own_rights rights;
    own_rights_begin(&rights);
    int result = unlink(path) < 0 ? -errno : 0;
    own_rights_end(&rights);
    return result;
}
