/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The guard's life, with a toy for what there is to undo: a file, of which it removes a byte a time. */
#include "recorder/restore/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/restore/state_tag.h"
#include "tests/unit/unit.h"

#define TIMEOUT_MS 30000

/* The guard keeps no descriptor of ours, so that it is a file by its name. The tag is this process's: whoever
 * cleans up here meanwhile leaves the state file alone. */
static char toy_path[64], state_path[128];
static struct state armed = {.inode = 4};

static void put_toy(const char *text)
{
    strcpy(toy_path, "/tmp/iptrace-guard-XXXXXX");
    int fd = mkstemp(toy_path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static long toy_size(void)
{
    struct stat status;
    return stat(toy_path, &status) < 0 ? -errno : (long)status.st_size;
}

/* Done when the file is empty. */
static int undo_toy(const struct state *state, struct error *error)
{
    long rest = toy_size();
    if (strcmp(state->tag, armed.tag) != 0)
        return error_set(error, EINVAL, "the tag is %s", state->tag);
    if (rest < 0 || truncate(toy_path, rest - 1) < 0)
        return error_set(error, ENOENT, "the toy is gone");
    return rest == 1 ? 0 : error_set(error, EBUSY, "%ld are left", rest - 1);
}

static const struct guard_task task = {.undo = undo_toy, .lock = "/tmp/toy.lock"};

static struct guard *open_guard(void)
{
    struct guard *guard;
    struct error error = {""};
    if (guard_open(&guard, &task, -1, &error) < 0)
        fail_msg("%s", error.text);
    assert_true(guard_is_alive(guard));
    return guard;
}

static void arm(struct guard *guard)
{
    struct error note, error = {""};
    /* Who is not root cannot write the state file: that is a note, and no error. */
    if (guard_arm(guard, &armed, TIMEOUT_MS, &note, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(note.text[0] == '\0', access(state_path, F_OK) == 0);
}

static void test_without_arms_it_undoes_nothing(void **state)
{
    (void)state;
    put_toy("a");
    assert_int_equal(guard_close(open_guard(), TIMEOUT_MS, NULL), 0);
    assert_int_equal(toy_size(), 1);
    unlink(toy_path);
    assert_int_equal(guard_close(NULL, 0, NULL), 0);
}

static void test_it_undoes_until_it_is_done(void **state)
{
    (void)state;
    struct error error = {""};
    put_toy("abc");
    struct guard *guard = open_guard();
    arm(guard);
    assert_int_equal(toy_size(), 3); /* not yet */
    if (guard_close(guard, TIMEOUT_MS, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(toy_size(), 0);
    assert_true(access(state_path, F_OK) < 0);
    unlink(toy_path);
}

/* As a recorder that was killed: nobody asks it to. */
static void test_a_death_is_enough(void **state)
{
    (void)state;
    put_toy("ab");
    pid_t pid = fork();
    if (pid == 0) {
        arm(open_guard());
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < 3000 && toy_size() > 0; i++)
        g_usleep(10000);
    assert_int_equal(toy_size(), 0);
    for (int i = 0; i < 3000 && access(state_path, F_OK) == 0; i++)
        g_usleep(10000);
    assert_true(access(state_path, F_OK) < 0);
    unlink(toy_path);
}

static void test_it_says_that_it_could_not(void **state)
{
    (void)state;
    struct error error = {""};
    put_toy("a");
    struct guard *guard = open_guard();
    arm(guard);
    unlink(toy_path);
    assert_int_equal(guard_close(guard, TIMEOUT_MS, &error), -ENOENT);
    assert_string_equal(error.text, "the toy is gone");
    unlink(state_path); /* which stays for --cleanup */
}

static void test_a_guard_that_was_killed(void **state)
{
    (void)state;
    struct error error = {""};
    put_toy("a");
    struct guard *guard = open_guard();
    arm(guard);
    kill(guard_pid(guard), SIGKILL);
    for (int i = 0; i < 3000 && guard_is_alive(guard); i++)
        g_usleep(10000);
    assert_false(guard_is_alive(guard));
    assert_int_equal(guard_close(guard, TIMEOUT_MS, &error), -EPIPE);
    assert_non_null(strstr(error.text, "has ended unexpectedly"));
    assert_int_equal(toy_size(), 1);
    unlink(toy_path);
    unlink(state_path);
}

int main(void)
{
    g_autofree char *tag = state_tag_new();
    g_strlcpy(armed.tag, tag, sizeof armed.tag);
    g_snprintf(state_path, sizeof state_path, STATE_DIRECTORY "/%s-4.state", tag);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_arms_it_undoes_nothing),
        cmocka_unit_test(test_it_undoes_until_it_is_done),
        cmocka_unit_test(test_a_death_is_enough),
        cmocka_unit_test(test_it_says_that_it_could_not),
        cmocka_unit_test(test_a_guard_that_was_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
