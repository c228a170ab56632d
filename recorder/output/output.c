/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A file or pipe that takes whole pcapng blocks. */
#include "recorder/output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/system/interrupt.h"
#include "recorder/system/named_file.h"

#define OUTPUT_BUFFER_SIZE ((size_t)256 * 1024)
#define OUTPUT_LINKS_MAX   8
#define OUTPUT_FLAGS       (O_WRONLY | O_CREAT | O_TRUNC)

struct output {
    int fd;
    bool standard_output;
    bool regular;
    char *name;
    off_t start;        /* where our first byte stands, in a regular file */
    uint64_t size;      /* bytes taken */
    uint64_t written;   /* bytes of them that the file has */
    int failure;        /* negative errno, once something went wrong */
    GByteArray *buffer; /* larger than its size only where a reader takes nothing and the end has come */
    GArray *ends;       /* of a regular file: where each call's blocks end in the buffer */
};

/* ---- Opening ---- */

/* Where the link leads to, if root or the caller made it; null with errno set if not. Looks at the very link
 * that was found, whatever stands under its name now. */
static char *follow_link(const char *path)
{
    CLEANUP_CLOSE int link = named_file_open(path, O_PATH | O_NOFOLLOW, 0);
    struct stat status;
    char target[4096];
    if (link < 0 || fstat(link, &status) < 0)
        return NULL;
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0 || (status.st_uid != 0 && status.st_uid != getuid())) {
        errno = ELOOP;
        return NULL;
    }
    target[length] = '\0';
    if (target[0] == '/')
        return g_strdup(target);
    g_autofree char *directory = g_path_get_dirname(path);
    return g_build_filename(directory, target, NULL);
}

/* Device files such as /dev/stdout are links of the kernel's, which lead to no path. */
static bool is_kernels(const char *path)
{
    return g_str_has_prefix(path, "/dev/") || g_str_has_prefix(path, "/proc/");
}

/* The kernel lets nobody, root included, open another user's file in /tmp as if to make it (proc_sys_fs(5),
 * protected_regular). One of the user who called sudo is no other user's. */
static int open_existing(const char *path, mode_t mode)
{
    int fd = named_file_open(path, is_kernels(path) ? OUTPUT_FLAGS : OUTPUT_FLAGS | O_NOFOLLOW, mode);
    if (fd != -EACCES)
        return fd;
    CLEANUP_CLOSE int own = named_file_open(path, O_WRONLY | O_NOFOLLOW, 0);
    return own >= 0 && named_file_is_of_caller(own) && ftruncate(own, 0) == 0 ? take_fd(&own) : -EACCES;
}

/* A descriptor, or negative errno. */
static int open_file(const char *path, mode_t mode)
{
    g_autofree char *at = g_strdup(path);
    for (unsigned links = 0; links < OUTPUT_LINKS_MAX; links++) {
        int fd = named_file_create(at, mode);
        if (fd == -EEXIST)
            fd = open_existing(at, mode);
        if (fd != -ELOOP)
            return fd;
        char *target = follow_link(at);
        if (!target)
            return -errno;
        g_free(at);
        at = target;
    }
    return -ELOOP;
}

static int open_error(const char *path, int err, struct error *error)
{
    if (err == ELOOP)
        return error_set(error, err, "'%s' is a symbolic link that belongs to another user: not followed",
                         path);
    if (err == EEXIST)
        return error_set(error, err, "'%s' already exists: a ring only creates new files", path);
    return error_set(error, err, "'%s' cannot be written: %s", path, g_strerror(err));
}

static int adopt(struct output **ret_output, const char *path, int opened, struct error *error)
{
    bool standard_output = strcmp(path, "-") == 0;
    CLEANUP_CLOSE int fd = opened;
    struct stat status;
    int result = fd < 0 ? fd : fstat(fd, &status) < 0 ? -errno : 0;
    if (result < 0)
        return open_error(standard_output ? "standard output" : path, -result, error);
    struct output *output = g_new0(struct output, 1);
    output->standard_output = standard_output;
    output->regular = S_ISREG(status.st_mode);
    output->name = standard_output ? g_strdup("standard output") : g_strdup_printf("'%s'", path);
    off_t start = output->regular ? lseek(fd, 0, SEEK_CUR) : 0;
    output->start = start > 0 ? start : 0;
    if (output->regular && fcntl(fd, F_GETFL) & O_APPEND)
        output->start = status.st_size;
    output->fd = take_fd(&fd);
    output->buffer = g_byte_array_sized_new(OUTPUT_BUFFER_SIZE);
    output->ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    *ret_output = output;
    return 0;
}

int output_open(struct output **ret_output, const char *path, mode_t mode, struct error *error)
{
    if (strcmp(path, "-") != 0)
        return adopt(ret_output, path, open_file(path, mode), error);
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return adopt(ret_output, path, fd < 0 ? -errno : fd, error);
}

int output_create(struct output **ret_output, const char *path, mode_t mode, struct error *error)
{
    return adopt(ret_output, path, named_file_create(path, mode), error);
}

/* ---- Writing ---- */

static int failed(struct output *output, struct error *error)
{
    int err = -output->failure;
    const char *sound = output->regular ? "; it is intact up to its last complete block" : "";
    if (err == EPIPE)
        return error_set(error, err, "%s: its reader has gone", output->name);
    if (err == EINTR || err == ETIMEDOUT)
        return error_set(error, err, "%s: its reader accepts nothing, so the last %u bytes were not written",
                         output->name, output->buffer->len);
    if (err == ENOSPC)
        return error_set(error, err, "%s: no space left on the device%s", output->name, sound);
    return error_set(error, err, "writing to %s failed: %s%s", output->name, g_strerror(err), sound);
}

/* Bytes of the whole blocks at the beginning of `data`: a block says its length in its second word. */
static size_t whole_blocks(const uint8_t *data, size_t length)
{
    size_t end = 0;
    uint32_t block = 0;
    while (length - end >= 12) {
        memcpy(&block, data + end + 4, sizeof block);
        block = GUINT32_FROM_LE(block);
        if (block < 12 || block > length - end)
            break;
        end += block;
    }
    return end;
}

/* After a failure: of the buffer only so much was written, and a part of a block may be at its end. */
static void cut_back(struct output *output, size_t written)
{
    size_t sound = 0;
    if (!output->regular)
        return;
    for (guint i = 0; i < output->ends->len; i++) {
        size_t end = g_array_index(output->ends, size_t, i);
        if (end <= written)
            sound = end;
    }
    sound += whole_blocks(output->buffer->data + sound, written - sound);
    output->written += sound;
    if (sound == written)
        return;
    off_t end = output->start + (off_t)output->written;
    if (ftruncate(output->fd, end) == 0)
        (void)lseek(output->fd, end, SEEK_SET);
}

/* `timeout_ms`: see interrupt_write(). */
static int write_buffer(struct output *output, int timeout_ms)
{
    size_t written;
    int result = interrupt_write(output->fd, output->buffer->data, output->buffer->len, timeout_ms, &written);
    if (result < 0 && result != -EINTR && result != -ETIMEDOUT) {
        cut_back(output, written);
        return result;
    }
    output->written += written;
    g_byte_array_remove_range(output->buffer, 0, (guint)written);
    g_array_set_size(output->ends, 0);
    return result;
}

int output_flush(struct output *output, struct error *error)
{
    if (output->failure < 0)
        return failed(output, error);
    int result = write_buffer(output, interrupt_was_heard() ? 0 : -1);
    if (result < 0 && result != -EINTR && result != -ETIMEDOUT) {
        output->failure = result;
        return failed(output, error);
    }
    return 0;
}

int output_write(struct output *output, struct bytes blocks, struct error *error)
{
    if (blocks.length == 0)
        return 0;
    if (output->failure < 0 || output->buffer->len + blocks.length > OUTPUT_BUFFER_SIZE) {
        int ret = output_flush(output, error);
        if (ret < 0)
            return ret;
    }
    g_byte_array_append(output->buffer, blocks.data, (guint)blocks.length);
    size_t end = output->buffer->len;
    if (output->regular)
        g_array_append_val(output->ends, end);
    output->size += blocks.length;
    return end > OUTPUT_BUFFER_SIZE ? output_flush(output, error) : 0;
}

/* ---- The end ---- */

void output_abandon(struct output *output)
{
    if (!output)
        return;
    cleanup_close(&output->fd);
    g_byte_array_unref(output->buffer);
    g_array_free(output->ends, TRUE);
    g_free(output->name);
    g_free(output);
}

int output_close(struct output *output, struct error *error)
{
    if (!output)
        return 0;
    int ret = output->failure;
    if (ret == 0)
        ret = output->failure = write_buffer(output, interrupt_was_heard() ? INTERRUPT_PATIENCE_MS : -1);
    if (ret < 0)
        ret = failed(output, error);
    int fd = take_fd(&output->fd);
    /* Network file systems tell of a full disk here. */
    if (close(fd) < 0 && errno != EINTR && ret == 0) {
        output->failure = -errno;
        ret = failed(output, error);
    }
    output_abandon(output);
    return ret;
}

uint64_t output_size(const struct output *output)
{
    return output->size;
}

uint64_t output_written(const struct output *output)
{
    return output->written;
}

bool output_is_regular(const struct output *output)
{
    return output->regular;
}

int output_reader_fd(const struct output *output)
{
    return output->regular ? -1 : output->fd;
}

int output_lose_reader(struct output *output, struct error *error)
{
    if (output->failure == 0)
        output->failure = -EPIPE;
    return failed(output, error);
}
