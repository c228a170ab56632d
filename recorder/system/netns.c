/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Network namespaces. */
#include "recorder/system/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "recorder/core/ownership.h"
#include "recorder/system/named_file.h"

#define NETNS_DIRECTORY "/run/netns"
#define NETNS_OWN       "/proc/thread-self/ns/net"

static bool is_number(const char *text)
{
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static char *find_path(const char *spec)
{
    if (strchr(spec, '/'))
        return g_strdup(spec);
    g_autofree char *named = g_strdup_printf(NETNS_DIRECTORY "/%s", spec);
    if (is_number(spec) && !g_file_test(named, G_FILE_TEST_EXISTS))
        return g_strdup_printf("/proc/%s/ns/net", spec);
    return g_steal_pointer(&named);
}

static int not_found(const char *spec, int err, struct error *error)
{
    if (err == EACCES || err == EPERM)
        return error_set(error, err, "network namespace '%s': no permission to access it", spec);
    if (err != ENOENT && err != ESRCH)
        return error_set(error, err, "network namespace '%s': %s", spec, g_strerror(err));
    if (strchr(spec, '/'))
        return error_set(error, ENOENT, "network namespace '%s': there is no such file", spec);
    if (is_number(spec))
        return error_set(error, ENOENT,
                         "network namespace '%s': there is no process with that id, and no such name in "
                         "'ip netns list'",
                         spec);
    return error_set(
        error, ENOENT,
        "network namespace '%s' does not exist: expected a name from 'ip netns list', a path or a process id",
        spec);
}

static int open_path(struct netns *ret_netns, const char *spec, const char *path, struct error *error)
{
    CLEANUP_CLOSE int fd = named_file_open(path, O_RDONLY | O_NONBLOCK, 0);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return not_found(spec, fd < 0 ? -fd : errno, error);
    if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
        return error_set(error, EINVAL, "'%s' is not a network namespace", path);
    *ret_netns = (struct netns){.fd = take_fd(&fd),
                                .name = g_strdup(spec),
                                .path = g_strdup(path),
                                .device = status.st_dev,
                                .inode = status.st_ino};
    return 0;
}

int netns_open(struct netns *ret_netns, const char *spec, struct error *error)
{
    if (spec[0] == '\0' || strcmp(spec, ".") == 0 || strcmp(spec, "..") == 0)
        return error_set(error, EINVAL, "network namespace '%s': expected a name, a path or a process id",
                         spec);
    g_autofree char *path = find_path(spec);
    return open_path(ret_netns, spec, path, error);
}

int netns_open_own(struct netns *ret_netns, struct error *error)
{
    return open_path(ret_netns, "", NETNS_OWN, error);
}

void netns_done(struct netns *netns)
{
    cleanup_close(&netns->fd);
    g_free(netns->name);
    g_free(netns->path);
    *netns = (struct netns){.fd = -1};
}

/* Nobody needs a capability to be where he is. */
static bool is_there(const struct netns *netns)
{
    struct stat now, then;
    return stat("/proc/thread-self/ns/net", &now) == 0 && fstat(netns->fd, &then) == 0 &&
           now.st_dev == then.st_dev && now.st_ino == then.st_ino;
}

int netns_enter(const struct netns *netns, struct error *error)
{
    if (is_there(netns))
        return 0;
    if (setns(netns->fd, CLONE_NEWNET) == 0)
        return 0;
    if (errno == EPERM)
        return error_set(
            error, EPERM,
            "entering network namespace '%s' needs the capability CAP_SYS_ADMIN, here and in the "
            "user namespace that it belongs to",
            netns->name);
    return error_set(error, errno, "entering network namespace '%s' failed: %s", netns->name,
                     g_strerror(errno));
}

bool netns_equal(const struct netns *a, const struct netns *b)
{
    return a->device == b->device && a->inode == b->inode;
}

bool netns_exists(const struct netns *netns)
{
    struct stat status;
    if (stat(netns->path, &status) < 0)
        return errno != ENOENT && errno != ESRCH && errno != ENOTDIR;
    return status.st_dev == netns->device && status.st_ino == netns->inode;
}

int netns_visit_begin(struct netns_visit *visit, const struct netns *netns, struct error *error)
{
    int result = netns_open_own(&visit->own, error);
    if (result < 0)
        return result;
    result = netns_enter(netns, error);
    if (result < 0)
        netns_done(&visit->own);
    return result;
}

int netns_visit_end(struct netns_visit *visit, int result, struct error *error)
{
    int back = netns_enter(&visit->own, result < 0 ? NULL : error);
    netns_done(&visit->own);
    return result < 0 ? result : back;
}

/* Its path is one in /proc then. */
pid_t netns_process(const struct netns *netns)
{
    long pid;
    int length = -1;
    return sscanf(netns->path, "/proc/%ld/ns/net%n", &pid, &length) == 1 && length == (int)strlen(netns->path)
               ? (pid_t)pid
               : 0;
}

char *netns_label(const struct netns *netns)
{
    static const char *const directories[] = {"/run/netns/", "/var/run/netns/"};
    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++)
        if (g_str_has_prefix(netns->path, directories[i]))
            return g_strdup(netns->path + strlen(directories[i]));
    pid_t pid = netns_process(netns);
    return pid > 0 ? g_strdup_printf("%ld", (long)pid) : g_strdup(netns->name);
}
