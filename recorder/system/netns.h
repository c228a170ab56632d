/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Network namespaces: found by the user's name for them, entered, left, and watched for their end. */
#ifndef IPTRACE_SYSTEM_NETNS_H
#define IPTRACE_SYSTEM_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/core/error.h"

struct netns {
    int fd;
    char *name;   /* as the user gave it: a name below /run/netns, a path or a process id */
    char *path;   /* what was opened */
    dev_t device; /* device and inode together are the namespace's id */
    ino_t inode;
};

/* `spec` is a name in /run/netns (ip-netns(8)), else a path if it has a '/', else a process id. */
int netns_open(struct netns *ret_netns, const char *spec, struct error *error);

/* The calling thread's own namespace; its name is empty. */
int netns_open_own(struct netns *ret_netns, struct error *error);

/* Closes the descriptor, which would keep a deleted namespace alive. Allowed on {.fd = -1}. */
void netns_done(struct netns *netns);

/* Moves the calling thread there. To come back, open its own namespace before, and enter that. */
int netns_enter(const struct netns *netns, struct error *error);

/* Enters it temporarily: the thread is there between the two calls. netns_visit_end() takes the result of
 * what was done in between and returns it or, if that was no error, the error of coming back. */
struct netns_visit {
    struct netns own;
};
int netns_visit_begin(struct netns_visit *visit, const struct netns *netns, struct error *error);
int netns_visit_end(struct netns_visit *visit, int result, struct error *error);

/* The process by whose id it was opened; 0: none. */
pid_t netns_process(const struct netns *netns);

/* What to call it if it is one of several: its name as in ip-netns(8) or the process id, or else the path.
 * The caller frees it with g_free(). */
char *netns_label(const struct netns *netns);

bool netns_equal(const struct netns *a, const struct netns *b);

/* False once the path leads to no namespace or to another one: it was deleted, or the process has ended. True
 * if it can no longer be checked for lack of privilege. Then the holder of `fd` and of sockets in it should
 * let go. */
bool netns_exists(const struct netns *netns);

#endif
