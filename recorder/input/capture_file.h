/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a capture file, through a window that grows as far as a block needs. */
#ifndef IPTRACE_INPUT_CAPTURE_FILE_H
#define IPTRACE_INPUT_CAPTURE_FILE_H

#include "format/wire.h"
#include "recorder/core/error.h"

struct capture_file {
    int fd;
    char *name;     /* for sentences: with quotes, or "standard input" */
    bool regular;   /* else reading may have to wait */
    bool ended;     /* there is nothing behind the window */
    uint64_t size;  /* 0 where it is not known */
    uint64_t taken; /* bytes before the window */
    uint8_t *buffer;
    size_t begin, end, capacity;
};

/* `-` is standard input. */
int capture_file_open(struct capture_file *ret_file, const char *path, struct error *error);
void capture_file_close(struct capture_file *file);

/* Reads until the window has `wanted` bytes or the file ends; -EAGAIN where more would have to be waited for
 * (`wait` false). Earlier windows are no longer valid. */
int capture_file_fill(struct capture_file *file, size_t wanted, bool wait, struct error *error);

struct bytes capture_file_window(const struct capture_file *file);

/* Moves the window's beginning. */
void capture_file_take(struct capture_file *file, size_t length);

#endif
