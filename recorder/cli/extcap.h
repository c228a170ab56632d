/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The recorder as an interface in Wireshark: the program that Wireshark finds in its extcap directory under
 * the name `iptrace`, asks for interfaces and options, and starts to record (extcap(4), doc/extcap.adoc).
 *
 * Wireshark shows whatever it writes to standard error as an error, even if all went well, so it is quiet. */
#ifndef IPTRACE_CLI_EXTCAP_H
#define IPTRACE_CLI_EXTCAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "recorder/core/error.h"

#define EXTCAP_NAME "iptrace" /* name of the program, and of the interface for this host */

enum extcap_request {
    EXTCAP_VALIDATE, /* is this a valid capture filter? No option says so: only the filter is given */
    EXTCAP_INTERFACES,
    EXTCAP_DLTS,
    EXTCAP_CONFIG,
    EXTCAP_CAPTURE,
    EXTCAP_CLEANUP, /* after a capture had to be killed: our guard has already cleaned up */
};

/* What Wireshark asks for. */
struct extcap {
    enum extcap_request request;
    char *interface; /* this and the next two: null if not given */
    char *fifo;
    char *filter;
    GPtrArray *arguments; /* of char *: the recorder's own command line, with argv[0] and a final null */
};

/* True if the program was started by its extcap name, or with one of Wireshark's options. */
bool extcap_is_called(int argc, char **argv);

/* Parses Wireshark's command line; -EINVAL if it is invalid. Call extcap_done() even after an error. */
int extcap_parse(struct extcap *extcap, int argc, char **argv, struct error *error);
void extcap_done(struct extcap *extcap);

/* Answers every request but EXTCAP_CAPTURE. An invalid filter is an answer, not an error. */
int extcap_answer(const struct extcap *extcap, FILE *file, struct error *error);

/* Makes the fifo our standard output, which `arguments` tell the recorder to write to. Waits until Wireshark
 * has opened its end. */
int extcap_open_fifo(const struct extcap *extcap, struct error *error);

/* The namespace that one of our interface names stands for; null: this host. False for other names. */
bool extcap_interface_netns(const char *interface, const char **ret_netns);

#endif
