/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iptrace-record: which rule dropped my packet? */
#include "recorder/live.h"
#include "recorder/options.h"
#include "recorder/replay.h"
#include "recorder/report.h"

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
    default:
        return live_run(options, error);
    }
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error;
    enum exit_status status = EXIT_DONE;
    if (options_parse(&options, argc, argv, &error) < 0) {
        report_error("%s", error.text);
        status = EXIT_USAGE;
    } else {
        report_set_level(options.quiet ? REPORT_QUIET : options.verbose ? REPORT_VERBOSE : REPORT_NORMAL);
        if (run(&options, &error) < 0) {
            report_error("%s", error.text);
            status = EXIT_FAILED;
        }
    }
    options_done(&options);
    return status;
}
