/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/system/netns.h"

static void test_own_by_path_and_by_pid(void **state)
{
    (void)state;
    struct netns own, path, pid;
    struct error error = {""};
    char number[32];
    assert_int_equal(netns_open_own(&own, &error), 0);
    assert_string_equal(own.name, "");
    assert_int_equal(netns_open(&path, "/proc/self/ns/net", &error), 0);
    assert_string_equal(path.name, "/proc/self/ns/net");
    snprintf(number, sizeof number, "%ld", (long)getpid());
    assert_int_equal(netns_open(&pid, number, &error), 0);
    assert_string_equal(pid.name, number);
    assert_true(netns_equal(&own, &path) && netns_equal(&own, &pid));
    assert_true(netns_exists(&own) && netns_exists(&path) && netns_exists(&pid));
    netns_done(&own);
    netns_done(&path);
    netns_done(&pid);
    assert_int_equal(pid.fd, -1);
    netns_done(&pid);
}

static void expect_error(const char *spec, int err, const char *words)
{
    struct netns netns;
    struct error error = {""};
    assert_int_equal(netns_open(&netns, spec, &error), -err);
    if (!strstr(error.text, words))
        fail_msg("'%s' does not say '%s'", error.text, words);
}

static void test_what_is_none(void **state)
{
    (void)state;
    expect_error("no such name", ENOENT,
                 "network namespace 'no such name' does not exist: expected a name from");
    expect_error("4194999", ENOENT, "'4194999': there is no process with that id");
    expect_error("/no/such/file", ENOENT, "'/no/such/file': there is no such file");
    expect_error("/proc/self/ns/mnt", EINVAL, "'/proc/self/ns/mnt' is not a network namespace");
    expect_error("/dev/null", EINVAL, "'/dev/null' is not a network namespace");
    expect_error("", EINVAL, "expected a name, a path or a process id");
    expect_error("..", EINVAL, "expected a name, a path or a process id");
}

/* A child in a namespace of its own: entered, left, and found gone when the child is. */
static void test_enter_leave_and_end(void **state)
{
    (void)state;
    struct netns own, other, now;
    struct error error = {""};
    int ready[2] = {-1, -1}, done[2] = {-1, -1};
    char byte = 0, number[32];
    assert_true(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(done[1]);
        byte = unshare(CLONE_NEWNET) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 0)
            _exit(1);
        _exit(0);
    }
    close(done[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    if (byte == 'y') {
        snprintf(number, sizeof number, "%ld", (long)child);
        assert_int_equal(netns_open_own(&own, &error), 0);
        assert_int_equal(netns_open(&other, number, &error), 0);
        assert_false(netns_equal(&own, &other));
        assert_int_equal(netns_enter(&other, &error), 0);
        assert_int_equal(netns_open_own(&now, &error), 0);
        assert_true(netns_equal(&now, &other));
        netns_done(&now);
        assert_int_equal(netns_enter(&own, &error), 0);
        assert_true(netns_exists(&other));
    }
    close(done[1]);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    if (byte != 'y')
        skip();
    assert_false(netns_exists(&other));
    netns_done(&other);
    netns_done(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_by_path_and_by_pid),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_enter_leave_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
