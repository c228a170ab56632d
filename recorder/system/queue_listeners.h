/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who listens to the queues of NFQUEUE: /proc/net/netfilter/nfnetlink_queue of a network namespace, a line a
 * queue that has a listener (seq_show() in net/netfilter/nfnetlink_queue.c). */
#ifndef IPTRACE_SYSTEM_QUEUE_LISTENERS_H
#define IPTRACE_SYSTEM_QUEUE_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_LISTENERS_MAX 1024

/* Of one look. */
struct queue_listeners {
    size_t count;
    struct queue_listener {
        uint16_t queue;
        uint64_t dropped;      /* by the kernel: the queue was full */
        uint64_t user_dropped; /* likewise: the program's socket was */
    } queues[QUEUE_LISTENERS_MAX];
};

/* Opens the file of the calling thread's namespace; -1 where that cannot be: nobody knows who listens. The
 * file stays that of the namespace, and can be read without any privilege. */
int queue_listeners_open(void);

/* Reads it from its beginning. False where it could not be read whole. */
bool queue_listeners_read(int fd, struct queue_listeners *ret_listeners);

/* The same from the file's text; lines that are not of the known form make it false. */
bool queue_listeners_parse(const char *text, struct queue_listeners *ret_listeners);

#endif
