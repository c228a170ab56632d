/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which process is bound to an NFLOG group. */
#include "recorder/legacy/nflog/group_holder.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/core/ownership.h"

static void cleanup_closedir(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

/* A line: group, port id, queued, copy mode, copy range, timeout, references. */
static bool find_port_id(unsigned group, uint32_t *ret_port_id)
{
    CLEANUP_FCLOSE FILE *file = fopen("/proc/thread-self/net/netfilter/nfnetlink_log", "re");
    char line[256];
    unsigned found, port_id;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%u %u", &found, &port_id) == 2 && found == group) {
            *ret_port_id = port_id;
            return true;
        }
    return false;
}

/* A line: address, protocol, port id, groups, memory (twice), dump, locks, drops, inode. */
static bool find_inode(uint32_t wanted_port_id, unsigned long *ret_inode)
{
    CLEANUP_FCLOSE FILE *file = fopen("/proc/thread-self/net/netlink", "re");
    char line[256];
    unsigned protocol, port_id;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %*s %lu", &protocol, &port_id, ret_inode) == 3 &&
            protocol == NETLINK_NETFILTER && port_id == wanted_port_id)
            return true;
    return false;
}

static bool process_has(const char *pid, const char *wanted)
{
    char path[300], target[64];
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    CLEANUP(cleanup_closedir) DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
        if (length > 0 && (target[length] = '\0', strcmp(target, wanted) == 0))
            return true;
    }
    return false;
}

static pid_t find_process(unsigned long inode)
{
    CLEANUP(cleanup_closedir) DIR *directory = opendir("/proc");
    struct dirent *entry;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "socket:[%lu]", inode);
    while (directory && (entry = readdir(directory)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && process_has(entry->d_name, wanted))
            return (pid_t)atol(entry->d_name);
    return 0;
}

static bool read_command(pid_t pid, char *buffer, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    CLEANUP_FCLOSE FILE *file = fopen(path, "re");
    if (!file || !fgets(buffer, (int)size, file))
        return false;
    buffer[strcspn(buffer, "\n")] = '\0';
    // cppcheck-suppress resourceLeak ; the cleanup attribute closes it
    return true;
}

bool group_holder_find(unsigned group, struct group_holder *ret_holder)
{
    struct group_holder holder = {0};
    unsigned long inode;
    if (!find_port_id(group, &holder.port_id))
        return false;
    if (find_inode(holder.port_id, &inode))
        holder.pid = find_process(inode);
    /* The first netlink socket of a process has the process id as its port id: good enough where the
     * process's descriptors are not ours to see. */
    if (holder.pid == 0 && holder.port_id <= INT32_MAX)
        holder.pid = (pid_t)holder.port_id;
    if (!read_command(holder.pid, holder.command, sizeof holder.command))
        holder.pid = 0;
    *ret_holder = holder;
    return true;
}
