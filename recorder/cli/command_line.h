/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The command line. One table holds every option: getopt uses it, --help prints it, and the manual page and
 * the completion are checked against it. */
#ifndef IPTRACE_CLI_COMMAND_LINE_H
#define IPTRACE_CLI_COMMAND_LINE_H

#include <stdio.h>

#include "recorder/core/error.h"
#include "recorder/core/options.h"

/* Parses the command line; -EINVAL if it is invalid. Call options_done() even after an error. */
int options_parse(struct options *options, int argc, char **argv, struct error *error);
void options_done(struct options *options);

void options_print_help(FILE *file);

#endif
