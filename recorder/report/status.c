/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The status line. */
#include "recorder/report/status.h"

#include <glib.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/options.h"

#define INTERVAL_NS 250000000ull
#define WIDTH_MAX   200

static struct {
    size_t width; /* columns; 0: no line is wanted */
    bool shown;
    struct monotonic shown_at;
} line;

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return MIN(size.ws_col, WIDTH_MAX);
}

/* What is written there may end up on the same terminal, through the program that reads the pipe. */
static bool is_seen(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
}

void status_open(const struct options *options)
{
    bool to_stdout = options->print || !options->write || strcmp(options->write, "-") == 0;
    bool wanted = !options->quiet && isatty(STDERR_FILENO) && !(to_stdout && is_seen(STDOUT_FILENO));
    line.width = wanted && g_strcmp0(g_getenv("TERM"), "dumb") != 0 ? terminal_width() : 0;
    line.shown_at = (struct monotonic){0};
}

bool status_is_due(struct monotonic now)
{
    return line.width > 0 && monotonic_since(now, line.shown_at) >= INTERVAL_NS;
}

size_t status_format(const struct status_counts *counts, char *buffer, size_t size)
{
    char progress[16] = "";
    if (counts->progress >= 0)
        snprintf(progress, sizeof progress, "%3.0f %%  ", CLAMP(counts->progress, 0, 1) * 100);
    int length = snprintf(buffer, size,
                          "%s%" PRIu64 " packets, %" PRIu64 " messages, %" PRIu64 " lost, %" PRIu64
                          " dropped, %" PRIu64 " rejected",
                          progress, counts->packets, counts->messages, counts->lost, counts->dropped,
                          counts->rejected);
    return MIN((size_t)length, size - 1);
}

/* In one write(), so that nothing comes between its parts. */
static void put(const char *text, size_t length)
{
    struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&terminal, 1, 0) != 1) /* it was stopped: a line less is no harm */
        return;
    ssize_t written = write(STDERR_FILENO, text, length);
    (void)written; /* a terminal that is gone sends SIGHUP */
}

void status_show(const struct status_counts *counts, struct monotonic now)
{
    static const char clear_to_end[] = "\033[K";
    char text[WIDTH_MAX + sizeof clear_to_end + 1] = "\r";
    if (line.width == 0)
        return;
    /* The last column stays free: some terminals go on to the next line there. */
    size_t length = 1 + status_format(counts, text + 1, line.width);
    memcpy(text + length, clear_to_end, sizeof clear_to_end - 1);
    put(text, length + sizeof clear_to_end - 1);
    line.shown = true;
    line.shown_at = now;
}

void status_erase(void)
{
    if (line.shown)
        put("\r\033[K", 4);
    line.shown = false;
}
