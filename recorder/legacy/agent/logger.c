/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which logger the kernel hands TRACE messages to. */
#include "recorder/legacy/agent/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/legacy.h"

/* The files are named by the kernel's protocol numbers, NFPROTO_IPV4 and NFPROTO_IPV6. */
static const char *logger_path(enum ip_family family)
{
    return family == FAMILY_IPV6 ? "/proc/sys/net/netfilter/nf_log/10" : "/proc/sys/net/netfilter/nf_log/2";
}

int logger_read(enum ip_family family, char ret_name[static LOGGER_NAME_SIZE], struct error *error)
{
    char name[LOGGER_NAME_SIZE + 1] = "";
    CLEANUP_CLOSE int fd = open(logger_path(family), O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, name, sizeof name - 1);
    if (length < 0)
        return error_set(error, errno, "the kernel's logger, %s, cannot be read: %s", logger_path(family),
                         g_strerror(errno));
    name[strcspn(name, "\n")] = '\0';
    g_strlcpy(ret_name, *name ? name : LOGGER_NONE, LOGGER_NAME_SIZE);
    return 0;
}

/* One write, the name whole: the kernel's nf_log_proc_dostring takes no second. */
static int write_name(enum ip_family family, const char *name)
{
    CLEANUP_CLOSE int fd = open(logger_path(family), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, name, strlen(name)) < 0 ? -errno : 0;
}

int logger_write(enum ip_family family, const char *name, struct error *error)
{
    char current[LOGGER_NAME_SIZE];
    int result = logger_read(family, current, error);
    if (result || !strcmp(current, name))
        return result;
    result = write_name(family, name);
    if (result == -ENOENT && !strcmp(name, LOGGER_NFLOG)) {
        legacy_load_module(LOGGER_NFLOG);
        result = write_name(family, name);
    }
    if (result == -ENOENT)
        return error_set(error, ENOENT, "the kernel has no logger `%s`: its module is not loaded", name);
    if (result)
        return error_set(error, -result, "the kernel's logger, %s, cannot be set to `%s` (it is `%s`): %s",
                         logger_path(family), name, current, g_strerror(-result));
    return 0;
}

int logger_restore(enum ip_family family, const char *former, bool *ret_restored, struct error *error)
{
    char current[LOGGER_NAME_SIZE];
    int result = logger_read(family, current, error);
    bool ours = !result && !strcmp(current, LOGGER_NFLOG) && strcmp(former, LOGGER_NFLOG) != 0;
    if (ours)
        result = logger_write(family, former, error);
    if (!result && ret_restored)
        *ret_restored = ours;
    return result;
}
