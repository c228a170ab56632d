/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/restore/state_tag.h"

#include <glib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/legacy/agent/trace_rule.h"
#include "unit.h"

static void test_alive(void **state)
{
    (void)state;
    g_autofree char *tag = state_tag_new();
    const struct trace_options options = {.tag = tag};
    assert_int_equal(trace_options_check(&options, NULL), 0);
    assert_int_equal(state_tag_life(tag), LIFE_ALIVE);
    assert_true(state_tag_is_of_this_boot(tag));
    assert_int_equal(state_tag_pid(tag), getpid());
}

static void test_dead(void **state)
{
    (void)state;
    char tag[TRACE_TAG_MAX + 1] = "";
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        g_autofree char *own = state_tag_new();
        _exit(write(pipe_fds[1], own, strlen(own)) < 0);
    }
    assert_true(read(pipe_fds[0], tag, TRACE_TAG_MAX) > 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(state_tag_life(tag), LIFE_DEAD);
    assert_int_equal(state_tag_pid(tag), pid);
}

/* The number was given again to a process that began at another time. */
static void test_number_again(void **state)
{
    (void)state;
    g_autofree char *tag = state_tag_new();
    char *start = strchr(tag, '.') + 1;
    *start = *start == '9' ? '8' : (char)(*start + 1);
    assert_int_equal(state_tag_life(tag), LIFE_DEAD);
}

static void test_others(void **state)
{
    (void)state;
    g_autofree char *tag = state_tag_new();
    g_auto(GStrv) parts = g_strsplit(tag, ".", -1);
    g_autofree char *elsewhere = g_strdup_printf("%s.%s.%s.1", parts[0], parts[1], parts[2]);
    g_autofree char *before = g_strdup_printf("%s.%s.ffffffff.%s", parts[0], parts[1], parts[3]);
    assert_int_equal(state_tag_life(elsewhere), LIFE_UNKNOWN);
    assert_int_equal(state_tag_life(before), LIFE_DEAD);
    assert_false(state_tag_is_of_this_boot(before));
    assert_int_equal(state_tag_life("somebody's"), LIFE_UNKNOWN);
    assert_int_equal(state_tag_life(""), LIFE_UNKNOWN);
    assert_int_equal(state_tag_pid("somebody's"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alive),
        cmocka_unit_test(test_dead),
        cmocka_unit_test(test_number_again),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
