/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The bytes of a capture file, through a window that grows as far as a block needs. */
#ifndef IPTRACE_INPUT_CAPTURE_FILE_H
#define IPTRACE_INPUT_CAPTURE_FILE_H

#include "format/wire.h"
#include "recorder/core/error.h"

struct capture_file {
    int fd;
    char *name;     /* for messages: the name in quotes, or "standard input" */
    bool regular;   /* if not, reading may have to wait */
    bool ended;     /* nothing follows the window */
    uint64_t size;  /* 0 if it is not known */
    uint64_t taken; /* bytes before the window */
    uint8_t *buffer;
    size_t begin, end, capacity;
};

/* `-` is standard input. */
int capture_file_open(struct capture_file *ret_file, const char *path, struct error *error);
void capture_file_close(struct capture_file *file);

/* Reads until the window has `wanted` bytes or the file ends; -EAGAIN if that would mean waiting and `wait`
 * is false. Earlier windows are no longer valid. */
int capture_file_fill(struct capture_file *file, size_t wanted, bool wait, struct error *error);

struct bytes capture_file_window(const struct capture_file *file);

/* Removes `length` bytes from the front of the window. */
void capture_file_take(struct capture_file *file, size_t length);

#endif
