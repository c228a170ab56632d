/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which process is bound to an NFLOG group: only one socket per network namespace can be. */
#ifndef IPTRACE_LEGACY_NFLOG_GROUP_HOLDER_H
#define IPTRACE_LEGACY_NFLOG_GROUP_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct group_holder {
    uint32_t port_id; /* of its netlink socket */
    pid_t pid;        /* 0 if no process with that socket is visible */
    char command[64]; /* empty if `pid` is 0 */
};

/* In the calling thread's namespace, from /proc/net/netfilter/nfnetlink_log, /proc/net/netlink and
 * /proc/PID/fd. False if nobody holds the group, or the list cannot be read. */
bool group_holder_find(unsigned group, struct group_holder *ret_holder);

#endif
