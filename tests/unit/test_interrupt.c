/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/system/interrupt.h"

#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static const uint8_t much[1 << 20]; /* more than a pipe holds */

static int ends[2];

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return interrupt_open(NULL);
}

static int make_pipe(void **state)
{
    (void)state;
    return pipe(ends);
}

static int close_pipe(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void raise_and_read(void)
{
    g_usleep((INTERRUPT_SAME_MS + 10) * 1000ul);
    raise(SIGTERM);
    interrupt_read();
}

static void a_wait_ends_by_a_signal_until_it_is_answered(void **state)
{
    (void)state;
    assert_false(interrupt_was_heard());
    assert_int_equal(interrupt_poll(ends[0], POLLIN, 10), 0);
    raise(SIGINT);
    assert_int_equal(interrupt_poll(ends[0], POLLIN, -1), -EINTR);
    assert_true(interrupt_is_pending() && interrupt_was_heard());
    assert_int_equal(interrupt_poll(ends[0], POLLIN, -1), -EINTR);
    assert_int_equal(interrupt_poll(-1, 0, 10000), -EINTR);
    interrupt_answer();
    assert_false(interrupt_is_pending());
    assert_true(interrupt_was_heard());
    assert_int_equal(interrupt_poll(ends[0], POLLIN, 10), 0);
    raise(SIGTERM); /* so soon it means the same */
    assert_int_equal(interrupt_poll(ends[0], POLLIN, INTERRUPT_SAME_MS + 10), 0);
    raise(SIGHUP);
    assert_int_equal(interrupt_poll(ends[0], POLLIN, -1), -EINTR);
    interrupt_answer();
}

static void what_is_ready_goes_first(void **state)
{
    (void)state;
    raise_and_read();
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(interrupt_poll(ends[0], POLLIN, -1), 1);
    interrupt_answer();
}

static void a_reader_that_takes_nothing(void **state)
{
    (void)state;
    size_t written;
    assert_int_equal(interrupt_write(ends[1], much, 1 << 20, 0, &written), -ETIMEDOUT);
    assert_true(written > 0 && written < 1 << 20);
    assert_int_equal(interrupt_write(ends[1], much, 1, 20, &written), -ETIMEDOUT);
    assert_int_equal(written, 0);
    raise_and_read();
    assert_int_equal(interrupt_write(ends[1], much, 1, -1, &written), -EINTR);
    interrupt_answer();
    close(ends[0]);
    assert_int_equal(interrupt_write(ends[1], much, 1, -1, &written), -EPIPE);
    ends[0] = dup(ends[1]);
}

static void *read_slowly(void *total)
{
    uint8_t buffer[3000];
    ssize_t length;
    while ((length = read(ends[0], buffer, sizeof buffer)) > 0)
        *(size_t *)total += (size_t)length;
    return NULL;
}

static void a_slow_reader_gets_all(void **state)
{
    (void)state;
    size_t written, total = 0;
    pthread_t reader;
    pthread_create(&reader, NULL, read_slowly, &total);
    assert_int_equal(interrupt_write(ends[1], much, 1 << 20, -1, &written), 0);
    assert_int_equal(written, 1 << 20);
    close(ends[1]);
    pthread_join(reader, NULL);
    assert_int_equal(total, 1 << 20);
    ends[1] = dup(ends[0]);
}

static void a_forked_process_has_none(void **state)
{
    (void)state;
    raise_and_read();
    assert_true(interrupt_is_pending());
    interrupt_forget();
    assert_false(interrupt_is_pending() || interrupt_was_heard());
    assert_int_equal(interrupt_fd(), -1);
    raise(SIGTERM);
    assert_int_equal(interrupt_poll(ends[0], POLLIN, 10), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_wait_ends_by_a_signal_until_it_is_answered, make_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(what_is_ready_goes_first, make_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_reader_that_takes_nothing, make_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_slow_reader_gets_all, make_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_forked_process_has_none, make_pipe, close_pipe),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
