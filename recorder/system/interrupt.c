/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The signals that end a recording. */
#include "recorder/system/interrupt.h"

#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    bool is_open;
    int fd;
    unsigned heard, answered;
    gint64 heard_us; /* the last that counts */
} signals;

int interrupt_open(struct error *error)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals.fd < 0)
        return error_set(error, errno, "cannot watch for signals: %s", g_strerror(errno));
    signals.is_open = true;
    return 0;
}

void interrupt_forget(void)
{
    signals.is_open = false;
    signals.heard = signals.answered = 0;
}

int interrupt_fd(void)
{
    return signals.is_open ? signals.fd : -1;
}

void interrupt_read(void)
{
    struct signalfd_siginfo info;
    gint64 now_us = g_get_monotonic_time();
    while (signals.is_open && read(signals.fd, &info, sizeof info) == sizeof info) {
        if (signals.heard > 0 && now_us - signals.heard_us < INTERRUPT_SAME_MS * G_TIME_SPAN_MILLISECOND)
            continue;
        signals.heard++;
        signals.heard_us = now_us;
    }
}

bool interrupt_is_pending(void)
{
    return signals.heard > signals.answered;
}

void interrupt_answer(void)
{
    signals.answered = signals.heard;
}

bool interrupt_was_heard(void)
{
    return signals.heard > 0;
}

static int rest_of(gint64 deadline)
{
    gint64 rest_ms = (deadline - g_get_monotonic_time() + 999) / G_TIME_SPAN_MILLISECOND;
    return (int)CLAMP(rest_ms, 0, G_MAXINT);
}

int interrupt_poll(int fd, short events, int timeout_ms)
{
    gint64 deadline = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;
    struct pollfd waits[] = {
        {.fd = fd,             .events = events},
        {.fd = interrupt_fd(), .events = POLLIN},
    };
    for (;;) {
        int rest_ms = timeout_ms < 0 ? -1 : rest_of(deadline);
        int ready = poll(waits, G_N_ELEMENTS(waits), interrupt_is_pending() ? 0 : rest_ms);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready > 0 && waits[0].revents != 0)
            return 1;
        if (ready > 0)
            interrupt_read();
        if (interrupt_is_pending())
            return -EINTR;
        if (ready == 0 && timeout_ms >= 0 && rest_of(deadline) == 0)
            return 0;
    }
}

/* A file takes all at once; what has a reader takes so much without waiting, if it takes anything (pipe(7)). */
static size_t piece_size(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? SIZE_MAX : PIPE_BUF;
}

int interrupt_write(int fd, const void *data, size_t length, int timeout_ms, size_t *ret_written)
{
    const uint8_t *bytes = data;
    size_t piece = piece_size(fd);
    *ret_written = 0;
    while (*ret_written < length) {
        int ready = piece == SIZE_MAX ? 1 : interrupt_poll(fd, POLLOUT, timeout_ms);
        if (ready <= 0)
            return ready < 0 ? ready : -ETIMEDOUT;
        ssize_t count = write(fd, bytes + *ret_written, MIN(piece, length - *ret_written));
        if (count > 0)
            *ret_written += (size_t)count;
        else if (count == 0)
            return -ENOSPC;
        else if (errno == EAGAIN)
            g_usleep(1000); /* somebody else was quicker */
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}
