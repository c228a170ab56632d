/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which queues of NFQUEUE have a listener. */
#include "recorder/system/queue_listeners.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int queue_listeners_open(void)
{
    return open("/proc/thread-self/net/netfilter/nfnetlink_queue", O_RDONLY | O_CLOEXEC);
}

/* queue, port id, waiting, copy mode, copy range, dropped, dropped on the way to the user, id, 1 */
static bool parse_line(const char *line, struct queue_listener *ret_queue)
{
    return sscanf(line, "%" SCNu16 " %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &ret_queue->queue,
                  &ret_queue->dropped, &ret_queue->user_dropped) == 3;
}

bool queue_listeners_parse(const char *text, struct queue_listeners *ret_listeners)
{
    ret_listeners->count = 0;
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        if (!end || ret_listeners->count == QUEUE_LISTENERS_MAX ||
            !parse_line(line, &ret_listeners->queues[ret_listeners->count++]))
            return false;
        line = end + 1;
    }
    return true;
}

bool queue_listeners_read(int fd, struct queue_listeners *ret_listeners)
{
    char text[QUEUE_LISTENERS_MAX * 64];
    size_t length = 0;
    for (;;) {
        ssize_t got = pread(fd, text + length, sizeof text - 1 - length, (off_t)length);
        if (got < 0 || length == sizeof text - 1)
            return false;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    text[length] = '\0';
    return queue_listeners_parse(text, ret_listeners);
}
