/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What is said on standard error, and of whom. */
#include "recorder/report/report.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* Standard error, until said() puts it back. */
static int pipe_fds[2], former_stderr;

static void listen_to_stderr(void)
{
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
    former_stderr = dup(STDERR_FILENO);
    assert_true(former_stderr >= 0 && dup2(pipe_fds[1], STDERR_FILENO) >= 0);
}

static void assert_said(const char *expected)
{
    char text[1024] = "";
    assert_true(dup2(former_stderr, STDERR_FILENO) >= 0);
    ssize_t length = read(pipe_fds[0], text, sizeof text - 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close(former_stderr);
    assert_true(length >= 0 || *expected == '\0');
    assert_string_equal(text, expected);
}

static void test_each_sentence_names_its_own_namespace(void **state)
{
    (void)state;
    report_set_level(REPORT_VERBOSE);
    listen_to_stderr();
    report_note_about("red", "%d rules", 2);
    report_note("the disk is full");
    report_detail_about("blue", "rules changed");
    report_note_about(NULL, "no rules");
    report_error("ended");
    assert_said("iptrace-record: red: 2 rules\n"
                "iptrace-record: the disk is full\n"
                "iptrace-record: blue: rules changed\n"
                "iptrace-record: no rules\n"
                "iptrace-record: ended\n");
}

static void test_the_file_gets_a_line_without_the_namespace(void **state)
{
    (void)state;
    g_autoptr(GString) notes = g_string_new(NULL);
    report_set_level(REPORT_NORMAL);
    listen_to_stderr();
    report_note_into("red", notes, "first %s", "sentence");
    report_note_into(NULL, notes, "second");
    assert_said("iptrace-record: red: first sentence\niptrace-record: second\n");
    assert_string_equal(notes->str, "first sentence\nsecond");
}

static void test_levels(void **state)
{
    (void)state;
    report_set_level(REPORT_NORMAL);
    listen_to_stderr();
    report_detail_about("red", "a detail");
    report_note("a note");
    assert_said("iptrace-record: a note\n");
    report_set_level(REPORT_QUIET);
    g_autoptr(GString) notes = g_string_new(NULL);
    listen_to_stderr();
    report_note_into("red", notes, "a note");
    report_note_about("red", "a note");
    report_error("an error");
    assert_said("iptrace-record: an error\n");
    assert_string_equal(notes->str, "a note"); /* the file has it all the same */
}

static void test_names_of_others_do_not_reach_the_terminal_as_they_are(void **state)
{
    (void)state;
    report_set_level(REPORT_NORMAL);
    listen_to_stderr();
    report_note_about("a\033[2J", "b\n");
    assert_said("iptrace-record: a\\x1b[2J: b\\x0a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_sentence_names_its_own_namespace),
        cmocka_unit_test(test_the_file_gets_a_line_without_the_namespace),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_names_of_others_do_not_reach_the_terminal_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
