/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. One table holds every option: it is what getopt reads, what --help prints, and what the
 * manual page and the completion are checked against. */
#ifndef IPTRACE_CLI_COMMAND_LINE_H
#define IPTRACE_CLI_COMMAND_LINE_H

#include <stdio.h>

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* Reads the command line; -EINVAL where it is wrong. options_done() also after an error. */
int options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_done(struct options *options);

void options_print_help(FILE *file);

#endif
