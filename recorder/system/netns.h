/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network namespaces: found by what the user calls them, entered, left, and watched for their end. */
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

/* Closes the descriptor: an open one keeps a deleted namespace alive. Allowed on {.fd = -1}. */
void netns_done(struct netns *netns);

/* Moves the calling thread. To come back, open the own namespace before and enter that. */
int netns_enter(const struct netns *netns, struct error *error);

/* Enters it for a while: between the two calls the thread is there. netns_visit_end() takes the result of
 * what was done meanwhile, and returns it, or the error of coming back where that is the first. */
struct netns_visit {
    struct netns own;
};
int netns_visit_begin(struct netns_visit *visit, const struct netns *netns, struct error *error);
int netns_visit_end(struct netns_visit *visit, int result, struct error *error);

/* The process whose namespace it was opened as; 0: none. */
pid_t netns_process(const struct netns *netns);

/* What to call it where it is one of several: the name as ip-netns(8) or the process id; where it is neither,
 * the path. The caller's to free with g_free(). */
char *netns_label(const struct netns *netns);

bool netns_equal(const struct netns *a, const struct netns *b);

/* False once the path leads to no namespace or to another one: it was deleted, or the process has ended.
 * True also where it cannot be looked at any more, for want of privilege.
 * Then the holder of `fd` and of sockets in it should let go. */
bool netns_exists(const struct netns *netns);

#endif
