/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which queues of NFQUEUE have a listener: /proc/net/netfilter/nfnetlink_queue of a network namespace, with
 * one line per queue that has one (seq_show() in net/netfilter/nfnetlink_queue.c). */
#ifndef IPTRACE_SYSTEM_QUEUE_LISTENERS_H
#define IPTRACE_SYSTEM_QUEUE_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUEUE_LISTENERS_MAX 1024

/* The result of one reading. */
struct queue_listeners {
    size_t count;
    struct queue_listener {
        uint16_t queue;
        uint64_t dropped;      /* by the kernel: the queue was full */
        uint64_t user_dropped; /* likewise: the program's socket was */
    } queues[QUEUE_LISTENERS_MAX];
};

/* Opens the file of the calling thread's namespace; -1 if that fails: it is then unknown who listens. The
 * descriptor keeps referring to that namespace, and can be read without privileges. */
int queue_listeners_open(void);

/* Reads the file from its beginning. False if it could not be read completely. */
bool queue_listeners_read(int fd, struct queue_listeners *ret_listeners);

/* The same from the file's text; false if a line is not in the known form. */
bool queue_listeners_parse(const char *text, struct queue_listeners *ret_listeners);

#endif
