/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The bytes of a capture file. */
#include "recorder/input/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/named_file.h"

#define READ_SIZE ((size_t)256 * 1024)

int capture_file_open(struct capture_file *ret_file, const char *path, struct error *error)
{
    bool standard_input = strcmp(path, "-") == 0;
    int opened =
        standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : named_file_open(path, O_RDONLY, 0);
    int err = standard_input ? errno : -opened;
    CLEANUP_CLOSE int fd = opened;
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_set(error, fd < 0 ? err : errno, "'%s' cannot be read: %s", path,
                         g_strerror(fd < 0 ? err : errno));
    if (S_ISDIR(status.st_mode))
        return error_set(error, EISDIR, "'%s' is a directory: expected a capture file", path);
    bool regular = S_ISREG(status.st_mode);
    *ret_file = (struct capture_file){
        .fd = take_fd(&fd),
        .name = standard_input ? g_strdup("standard input") : g_strdup_printf("'%s'", path),
        .regular = regular,
        .size = regular && status.st_size > 0 ? (uint64_t)status.st_size : 0,
    };
    return 0;
}

void capture_file_close(struct capture_file *file)
{
    cleanup_close(&file->fd);
    g_free(file->name);
    g_free(file->buffer);
    *file = (struct capture_file){.fd = -1};
}

static void make_room(struct capture_file *file, size_t wanted)
{
    size_t length = file->end - file->begin;
    if (file->begin > 0)
        memmove(file->buffer, file->buffer + file->begin, length);
    file->begin = 0;
    file->end = length;
    /* Room for a whole read behind what is wanted, so that few bytes have to be moved. */
    size_t capacity = (wanted > length ? wanted : length) + READ_SIZE;
    if (file->capacity < capacity) {
        file->buffer = g_realloc(file->buffer, capacity);
        file->capacity = capacity;
    }
}

static int read_once(struct capture_file *file, bool wait, struct error *error)
{
    struct pollfd ready = {.fd = file->fd, .events = POLLIN};
    if (!file->regular && !wait && poll(&ready, 1, 0) <= 0)
        return -EAGAIN;
    ssize_t length = read(file->fd, file->buffer + file->end, file->capacity - file->end);
    if (length < 0 && errno == EAGAIN && wait)
        poll(&ready, 1, -1);
    else if (length < 0 && errno == EAGAIN)
        return -EAGAIN;
    else if (length < 0 && errno != EINTR)
        return error_set(error, errno, "reading %s failed: %s", file->name, g_strerror(errno));
    else if (length == 0)
        file->ended = true;
    if (length > 0)
        file->end += (size_t)length;
    return 0;
}

int capture_file_fill(struct capture_file *file, size_t wanted, bool wait, struct error *error)
{
    if (file->end - file->begin >= wanted || file->ended)
        return 0;
    make_room(file, wanted);
    while (file->end - file->begin < wanted && !file->ended) {
        int ret = read_once(file, wait, error);
        if (ret < 0)
            return ret;
    }
    return 0;
}

struct bytes capture_file_window(const struct capture_file *file)
{
    return (struct bytes){file->buffer ? file->buffer + file->begin : NULL, file->end - file->begin};
}

void capture_file_take(struct capture_file *file, size_t length)
{
    file->begin += length;
    file->taken += length;
}
