/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* iptrace-record: which rule dropped my packet? */
#include "recorder/cli/command_line.h"
#include "recorder/cli/extcap.h"
#include "recorder/record/cleanup.h"
#include "recorder/record/live.h"
#include "recorder/record/replay.h"
#include "recorder/report/report.h"
#include "recorder/report/status.h"

#include <errno.h>
#include <signal.h>

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* could not start or had to stop early */
    EXIT_USAGE = 2,
};

static int run(const struct options *options, struct error *error)
{
    switch (options->mode) {
    case MODE_HELP:
        options_print_help(stdout);
        return 0;
    case MODE_VERSION:
        puts("iptrace-record " IPTRACE_VERSION);
        return 0;
    case MODE_REPLAY:
        return replay_run(options, error);
    case MODE_CLEANUP:
        return cleanup_run(options, error);
    default:
        return live_run(options, error);
    }
}

/* `for_wireshark`: to a fifo of Wireshark's, which closes it when it stops, now before its signal comes and
 * now after: no error. */
static enum exit_status record(int argc, char **argv, bool for_wireshark)
{
    struct options options;
    struct error error;
    enum exit_status status = EXIT_DONE;
    if (options_parse(&options, argc, argv, &error) < 0) {
        report_error("%s", error.text);
        status = EXIT_USAGE;
    } else {
        status_open(&options);
        report_set_level(options.quiet ? REPORT_QUIET : options.verbose ? REPORT_VERBOSE : REPORT_NORMAL);
        int result = run(&options, &error);
        status_erase();
        if (result < 0 && !(for_wireshark && result == -EPIPE)) {
            report_error("%s", error.text);
            status = EXIT_FAILED;
        }
    }
    options_done(&options);
    return status;
}

static enum exit_status serve_wireshark(int argc, char **argv)
{
    struct extcap extcap;
    struct error error;
    enum exit_status status = EXIT_DONE;
    int result = extcap_parse(&extcap, argc, argv, &error);
    /* Also before an error is told: Wireshark's dumpcap waits until the fifo has been opened. */
    int opened = extcap.fifo ? extcap_open_fifo(&extcap, result < 0 ? NULL : &error) : 0;
    if (result < 0 || opened < 0) {
        report_error("%s", error.text);
        status = result < 0 ? EXIT_USAGE : EXIT_FAILED;
    } else if (extcap.request == EXTCAP_CAPTURE) {
        status = record((int)extcap.arguments->len - 1, (char **)extcap.arguments->pdata, true);
    } else if (extcap_answer(&extcap, stdout, &error) < 0) {
        report_error("%s", error.text);
        status = EXIT_FAILED;
    }
    extcap_done(&extcap);
    return status;
}

int main(int argc, char **argv)
{
    /* A pipe without a reader and a file too large are errors of write(), which are told. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    return extcap_is_called(argc, argv) ? serve_wireshark(argc, argv) : record(argc, argv, false);
}
