/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file or pipe that takes whole pcapng blocks. */
#include "recorder/system/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/core/cleanup.h"

#define OUTPUT_BUFFER_SIZE (256 * 1024)
#define OUTPUT_LINKS_MAX   8
#define OUTPUT_FLAGS       (O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY)

struct output {
    int fd;
    bool standard_output;
    bool regular;
    char *name;
    off_t start;      /* where our first byte stands, in a regular file */
    uint64_t size;    /* bytes taken */
    uint64_t written; /* bytes of them that the file has */
    int failure;      /* negative errno, once something went wrong */
    size_t buffered;
    GArray *ends; /* where each call's blocks end in the buffer */
    uint8_t buffer[OUTPUT_BUFFER_SIZE];
};

/* ---- Opening ---- */

/* Where the link leads to, if root or the caller made it; null with errno set if not. Looks at the very link
 * that was found, whatever stands under its name now. */
static char *follow_link(const char *path)
{
    CLEANUP_CLOSE int link = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    char target[4096];
    if (link < 0 || fstat(link, &status) < 0)
        return NULL;
    ssize_t length = readlinkat(link, "", target, sizeof target - 1);
    if (length < 0 || (status.st_uid != 0 && status.st_uid != geteuid())) {
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

static int open_file(const char *path, mode_t mode)
{
    g_autofree char *at = g_strdup(path);
    for (unsigned links = 0; links < OUTPUT_LINKS_MAX; links++) {
        int fd = open(at, is_kernels(at) ? OUTPUT_FLAGS : OUTPUT_FLAGS | O_NOFOLLOW, mode);
        if (fd >= 0 || errno != ELOOP)
            return fd;
        char *target = follow_link(at);
        if (!target)
            return -1;
        g_free(at);
        at = target;
    }
    errno = ELOOP;
    return -1;
}

static int open_error(const char *path, int err, struct error *error)
{
    if (err == ELOOP)
        return error_set(error, err, "'%s' is a symbolic link of another user's: not written to", path);
    return error_set(error, err, "'%s' cannot be written: %s", path, g_strerror(err));
}

int output_open(struct output **ret_output, const char *path, mode_t mode, struct error *error)
{
    bool standard_output = strcmp(path, "-") == 0;
    CLEANUP_CLOSE int fd = standard_output ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open_file(path, mode);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return open_error(standard_output ? "standard output" : path, errno, error);
    struct output *output = g_new0(struct output, 1);
    output->standard_output = standard_output;
    output->regular = S_ISREG(status.st_mode);
    output->name = standard_output ? g_strdup("standard output") : g_strdup_printf("'%s'", path);
    off_t start = output->regular ? lseek(fd, 0, SEEK_CUR) : 0;
    output->start = start > 0 ? start : 0;
    if (output->regular && fcntl(fd, F_GETFL) & O_APPEND)
        output->start = status.st_size;
    output->fd = take_fd(&fd);
    output->ends = g_array_new(FALSE, FALSE, sizeof(size_t));
    *ret_output = output;
    return 0;
}

/* ---- Writing ---- */

static int failed(struct output *output, struct error *error)
{
    int err = -output->failure;
    const char *sound = output->regular ? "; it is sound up to its last whole block" : "";
    if (err == EPIPE)
        return error_set(error, err, "%s: its reader has gone", output->name);
    if (err == ENOSPC)
        return error_set(error, err, "%s: no space left on the device%s", output->name, sound);
    return error_set(error, err, "writing to %s failed: %s%s", output->name, g_strerror(err), sound);
}

/* Writes all of it, or what can be. Returns 0 or a negative errno; `ret_written` is set in any case. */
static int write_all(int fd, const uint8_t *data, size_t length, size_t *ret_written)
{
    *ret_written = 0;
    while (*ret_written < length) {
        ssize_t count = write(fd, data + *ret_written, length - *ret_written);
        if (count > 0) {
            *ret_written += (size_t)count;
        } else if (count == 0) {
            return -ENOSPC;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
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

/* After a failure: of `data`, only so much was written, and a part of a block may be at its end. */
static void cut_back(struct output *output, const uint8_t *data, size_t written)
{
    size_t sound = 0;
    for (guint i = 0; i < output->ends->len; i++) {
        size_t end = g_array_index(output->ends, size_t, i);
        if (end <= written)
            sound = end;
    }
    sound += whole_blocks(data + sound, written - sound);
    output->written += sound;
    if (!output->regular || sound == written)
        return;
    off_t end = output->start + (off_t)output->written;
    if (ftruncate(output->fd, end) == 0)
        (void)lseek(output->fd, end, SEEK_SET);
}

int output_flush(struct output *output, struct error *error)
{
    size_t written;
    if (output->failure < 0)
        return failed(output, error);
    output->failure = write_all(output->fd, output->buffer, output->buffered, &written);
    if (output->failure < 0) {
        cut_back(output, output->buffer, written);
        return failed(output, error);
    }
    output->written += written;
    output->buffered = 0;
    g_array_set_size(output->ends, 0);
    return 0;
}

/* Blocks that the buffer cannot hold, which the format does not make: in one piece, or not at all. */
static int write_large(struct output *output, struct bytes blocks, struct error *error)
{
    size_t written;
    int ret = output_flush(output, error);
    if (ret < 0)
        return ret;
    output->failure = write_all(output->fd, blocks.data, blocks.length, &written);
    if (output->failure < 0) {
        cut_back(output, blocks.data, written);
        return failed(output, error);
    }
    output->written += written;
    output->size += blocks.length;
    return 0;
}

int output_write(struct output *output, struct bytes blocks, struct error *error)
{
    if (blocks.length == 0)
        return 0;
    if (blocks.length > sizeof output->buffer)
        return write_large(output, blocks, error);
    if (output->failure < 0 || blocks.length > sizeof output->buffer - output->buffered) {
        int ret = output_flush(output, error);
        if (ret < 0)
            return ret;
    }
    memcpy(output->buffer + output->buffered, blocks.data, blocks.length);
    output->buffered += blocks.length;
    output->size += blocks.length;
    g_array_append_val(output->ends, output->buffered);
    return 0;
}

/* ---- The end ---- */

void output_abandon(struct output *output)
{
    if (!output)
        return;
    cleanup_close(&output->fd);
    g_array_free(output->ends, TRUE);
    g_free(output->name);
    g_free(output);
}

int output_close(struct output *output, struct error *error)
{
    if (!output)
        return 0;
    int ret = output_flush(output, error);
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

bool output_is_terminal(const struct output *output)
{
    return isatty(output->fd) == 1;
}

int output_fd(const struct output *output)
{
    return output->fd;
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
