/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/report/status.h"

#include "recorder/core/options.h"
#include "tests/unit/unit.h"

#include <pty.h>
#include <unistd.h>

static const struct status_counts counts = {12, 48, 1, 3, 2, .progress = -1};

static void formats(void **state)
{
    (void)state;
    char line[120];
    size_t length = status_format(&counts, line, sizeof line);
    assert_string_equal(line, "12 packets, 48 messages, 1 lost, 3 dropped, 2 rejected");
    assert_int_equal(length, strlen(line));
    struct status_counts half = counts;
    half.progress = 0.454;
    status_format(&half, line, sizeof line);
    assert_string_equal(line, " 45 %  12 packets, 48 messages, 1 lost, 3 dropped, 2 rejected");
    assert_int_equal(status_format(&counts, line, 11), 10);
    assert_string_equal(line, "12 packets");
}

/* Standard error is a terminal of so many columns while it runs. Returns what was written there. */
static char *on_terminal(unsigned short columns, const struct options *options)
{
    struct winsize size = {.ws_row = 25, .ws_col = columns};
    int master, slave, before = dup(STDERR_FILENO);
    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    dup2(slave, STDERR_FILENO);
    status_open(options);
    bool due = status_is_due((struct monotonic){1000000000});
    status_show(&counts, (struct monotonic){1000000000});
    bool due_again = status_is_due((struct monotonic){1200000000});
    status_erase();
    status_erase();
    dup2(before, STDERR_FILENO);
    close(before);
    assert_false(due_again);
    assert_true(write(slave, due ? "due." : "no.", due ? 4 : 3) > 0);
    char *text = unit_allocate(4096);
    memset(text, 0, 4096);
    for (size_t length = 0; !strchr(text, '.');) {
        ssize_t count = read(master, text + length, 4095 - length);
        assert_true(count > 0);
        length += (size_t)count;
    }
    close(slave);
    close(master);
    return text;
}

static void shown_and_erased(void **state)
{
    (void)state;
    struct options options = {.write = "x"};
    char *text = on_terminal(80, &options);
    assert_string_equal(text, "\r12 packets, 48 messages, 1 lost, 3 dropped, 2 rejected\033[K\r\033[Kdue.");
    free(text);
    text = on_terminal(11, &options);
    assert_string_equal(text, "\r12 packets\033[K\r\033[Kdue.");
    free(text);
}

/* Standard output is a pipe, or a terminal: never a file, for a test. */
static void absent(void **state)
{
    (void)state;
    int ends[2], before = dup(STDOUT_FILENO);
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    struct options texts = {0}, quiet = {.write = "x", .quiet = true}, piped = {.write = "-"};
    char *none[] = {on_terminal(80, &texts), on_terminal(80, &quiet), on_terminal(80, &piped)};
    dup2(before, STDOUT_FILENO);
    close(before);
    close(ends[0]);
    close(ends[1]);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(none[i], "no.");
        free(none[i]);
    }
    struct options file = {.write = "x"};
    int error_before = dup(STDERR_FILENO);
    FILE *no_terminal = tmpfile();
    dup2(fileno(no_terminal), STDERR_FILENO);
    status_open(&file);
    bool due = status_is_due((struct monotonic){1000000000});
    dup2(error_before, STDERR_FILENO);
    close(error_before);
    fclose(no_terminal);
    assert_false(due);
}

int main(void)
{
    setenv("TERM", "vt100", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(shown_and_erased),
        cmocka_unit_test(absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
