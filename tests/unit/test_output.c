/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/output/output.h"

static char *directory;

static char *in_directory(const char *name)
{
    return g_build_filename(directory, name, NULL);
}

static struct output *opened(const char *path)
{
    struct output *output;
    struct error error = {""};
    if (output_open(&output, path, 0600, &error) < 0)
        fail_msg("%s", error.text);
    return output;
}

static void write_blocks(struct output *output, unsigned count, size_t length, char first)
{
    uint8_t block[1000];
    for (unsigned i = 0; i < count; i++) {
        memset(block, first + (char)i, length);
        assert_int_equal(output_write(output, (struct bytes){block, length}, NULL), 0);
    }
}

static void expect_file(const char *path, size_t blocks, size_t block_length, char first)
{
    g_autofree char *text = NULL;
    gsize length;
    assert_true(g_file_get_contents(path, &text, &length, NULL));
    assert_int_equal(length, blocks * block_length);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(text[i], first + (char)(i / block_length));
}

static void test_a_new_file_and_an_old_one(void **state)
{
    (void)state;
    g_autofree char *path = in_directory("file");
    struct stat status;
    for (unsigned blocks = 3; blocks > 0; blocks--) {
        struct output *output = opened(path);
        assert_true(output_is_regular(output));
        write_blocks(output, blocks, 100, 'a');
        assert_int_equal(output_size(output), blocks * 100);
        assert_int_equal(output_flush(output, NULL), 0);
        expect_file(path, blocks, 100, 'a');
        assert_int_equal(output_close(output, NULL), 0);
        expect_file(path, blocks, 100, 'a');
    }
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_more_than_the_buffer(void **state)
{
    (void)state;
    g_autofree char *path = in_directory("large");
    g_autofree uint8_t *large = g_malloc0(1000000);
    struct output *output = opened(path);
    struct stat status;
    for (unsigned i = 0; i < 5000; i++)
        write_blocks(output, 1, 1000, 'a');
    assert_int_equal(output_write(output, (struct bytes){large, 1000000}, NULL), 0);
    write_blocks(output, 1, 1000, 'a');
    assert_int_equal(output_size(output), 6001000);
    assert_int_equal(output_close(output, NULL), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 6001000);
}

static void limit_file_size(rlim_t size)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_no_room_leaves_whole_blocks(void **state)
{
    (void)state;
    g_autofree char *path = in_directory("full");
    struct output *output = opened(path);
    struct error error;
    limit_file_size(1050);
    write_blocks(output, 2, 300, 'a');
    assert_int_equal(output_flush(output, NULL), 0);
    write_blocks(output, 4, 300, 'c');
    int flushed = output_flush(output, &error);
    int written = output_write(output, BYTES("more"), &error);
    int closed = output_close(output, &error);
    limit_file_size(RLIM_INFINITY);
    assert_int_equal(flushed, -EFBIG);
    assert_int_equal(written, -EFBIG);
    assert_int_equal(closed, -EFBIG);
    assert_non_null(strstr(error.text, path));
    assert_non_null(strstr(error.text, "intact up to its last complete block"));
    expect_file(path, 3, 300, 'a');
}

/* Several blocks handed over in one piece are cut between them, too, buffered or larger than the buffer. */
static void test_no_room_cuts_within_a_piece(void **state)
{
    (void)state;
    static uint8_t piece[3000 * 100];
    const uint32_t block_length = GUINT32_TO_LE(100);
    for (size_t at = 0; at < sizeof piece; at += 100)
        memcpy(piece + at + 4, &block_length, sizeof block_length);
    const size_t lengths[] = {10 * 100, sizeof piece};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autofree char *path = in_directory("piece");
        struct output *output = opened(path);
        limit_file_size(750);
        output_write(output, (struct bytes){piece, lengths[i]}, NULL);
        int closed = output_close(output, NULL);
        limit_file_size(RLIM_INFINITY);
        assert_int_equal(closed, -EFBIG);
        g_autofree char *text = NULL;
        gsize length;
        assert_true(g_file_get_contents(path, &text, &length, NULL));
        assert_int_equal(length, 700);
    }
}

static void test_a_full_device(void **state)
{
    (void)state;
    struct error error;
    struct output *output = opened("/dev/full");
    assert_false(output_is_regular(output));
    write_blocks(output, 1, 100, 'a');
    assert_int_equal(output_close(output, &error), -ENOSPC);
    assert_string_equal(error.text, "'/dev/full': no space left on the device");
}

static void *read_pipe(void *data)
{
    static uint8_t text[4096];
    size_t total = 0;
    ssize_t length;
    while ((length = read(*(int *)data, text, sizeof text)) > 0)
        total += (size_t)length;
    return GSIZE_TO_POINTER(total);
}

/* A pipe in place of standard output, without blocking, as some parents hand it down. */
static void test_standard_output_is_a_pipe(void **state)
{
    (void)state;
    int ends[2], kept = dup(STDOUT_FILENO);
    struct error error;
    pthread_t reader;
    void *total;
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    struct output *output = opened("-");
    assert_false(output_is_regular(output));
    dup2(kept, STDOUT_FILENO);
    close(kept);
    pthread_create(&reader, NULL, read_pipe, &ends[0]);
    write_blocks(output, 100, 1000, 'a');
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(output_flush(output, NULL), 0);
        write_blocks(output, 100, 1000, 'a');
    }
    assert_int_equal(output_close(output, NULL), 0);
    pthread_join(reader, &total);
    assert_int_equal(GPOINTER_TO_SIZE(total), 1100000);
    close(ends[0]);

    assert_int_equal(pipe(ends), 0);
    g_autofree char *path = g_strdup_printf("/dev/fd/%d", ends[1]);
    output = opened(path);
    close(ends[1]);
    close(ends[0]);
    write_blocks(output, 1, 100, 'a');
    assert_int_equal(output_close(output, &error), -EPIPE);
    assert_non_null(strstr(error.text, "its reader has gone"));
}

static void test_links(void **state)
{
    (void)state;
    g_autofree char *target = in_directory("target"), *own = in_directory("own"),
                    *loop = in_directory("loop");
    struct output *output;
    struct error error;
    assert_int_equal(symlink("target", own), 0);
    assert_int_equal(symlink("loop", loop), 0);
    output = opened(own);
    write_blocks(output, 1, 100, 'a');
    assert_int_equal(output_close(output, NULL), 0);
    expect_file(target, 1, 100, 'a');
    assert_int_equal(output_open(&output, loop, 0600, &error), -ELOOP);

    if (geteuid() != 0)
        return;
    assert_int_equal(lchown(own, 65534, 65534), 0);
    assert_int_equal(output_open(&output, own, 0600, &error), -ELOOP);
    assert_non_null(strstr(error.text, "symbolic link that belongs to another user"));
    expect_file(target, 1, 100, 'a');
}

static void test_errors_at_opening(void **state)
{
    (void)state;
    struct output *output;
    struct error error;
    assert_int_equal(output_open(&output, "/nonexistent/file", 0600, &error), -ENOENT);
    assert_string_equal(error.text, "'/nonexistent/file' cannot be written: No such file or directory");
    assert_int_equal(output_open(&output, directory, 0600, &error), -EISDIR);
    assert_int_equal(output_close(NULL, NULL), 0);
    output_abandon(NULL);
}

static void test_abandoned(void **state)
{
    (void)state;
    g_autofree char *path = in_directory("abandoned");
    struct output *output = opened(path);
    write_blocks(output, 1, 100, 'a');
    output_abandon(output);
    expect_file(path, 0, 100, 'a');
}

/* A file system in memory that nobody else sees: it is gone with this process, however that ends. Root
 * may have one. */
static bool mount_own(const char *path)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, "mode=700") == 0;
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    directory = mount_own("/mnt") ? g_strdup("/mnt") : g_dir_make_tmp("iptrace-output-XXXXXX", NULL);
    return directory ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    GDir *entries = g_dir_open(directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(entries))) {
        g_autofree char *path = in_directory(name);
        g_unlink(path);
    }
    g_dir_close(entries);
    g_rmdir(directory); /* not where it is mounted */
    g_free(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_file_and_an_old_one),
        cmocka_unit_test(test_more_than_the_buffer),
        cmocka_unit_test(test_no_room_leaves_whole_blocks),
        cmocka_unit_test(test_a_full_device),
        cmocka_unit_test(test_standard_output_is_a_pipe),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_no_room_cuts_within_a_piece),
        cmocka_unit_test(test_errors_at_opening),
        cmocka_unit_test(test_abandoned),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
