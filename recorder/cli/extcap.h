/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder as an interface of Wireshark's: the program that Wireshark finds in its extcap directory under
 * the name `iptrace`, asks for interfaces and options, and starts to record (extcap(4), doc/extcap.adoc).
 *
 * Whatever it writes to standard error Wireshark shows as an error, also where all went well: it is quiet. */
#ifndef IPTRACE_CLI_EXTCAP_H
#define IPTRACE_CLI_EXTCAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "recorder/core/error.h"

#define EXTCAP_NAME "iptrace" /* of the program and of the interface that is this host */

enum extcap_request {
    EXTCAP_VALIDATE, /* is this a capture filter? No option says so: the filter is given, and nothing else */
    EXTCAP_INTERFACES,
    EXTCAP_DLTS,
    EXTCAP_CONFIG,
    EXTCAP_CAPTURE,
    EXTCAP_CLEANUP, /* after a capture had to be killed: our guard has done it */
};

/* What Wireshark asks for. */
struct extcap {
    enum extcap_request request;
    char *interface; /* the next three: null where not given */
    char *fifo;
    char *filter;
    GPtrArray *arguments; /* of char *: the recorder's own command line, with its name and a null */
};

/* True where the program was started by its extcap name, or with an option of Wireshark's. */
bool extcap_is_called(int argc, char **argv);

/* Reads Wireshark's command line; -EINVAL where it is wrong. extcap_done() also after an error. */
int extcap_parse(struct extcap *extcap, int argc, char **argv, struct error *error);
void extcap_done(struct extcap *extcap);

/* Answers every request but EXTCAP_CAPTURE. A filter that is none is an answer, not an error. */
int extcap_answer(const struct extcap *extcap, FILE *file, struct error *error);

/* Makes the fifo our standard output, to which the arguments say to write. Waits until Wireshark has opened
 * its end. */
int extcap_open_fifo(const struct extcap *extcap, struct error *error);

/* The namespace that an interface name of ours stands for: null is this host. False for other names. */
bool extcap_interface_netns(const char *interface, const char **ret_netns);

#endif
