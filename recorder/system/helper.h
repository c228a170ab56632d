/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a just forked process does to become one of our helpers, which outlives its parent. */
#ifndef IPTRACE_SYSTEM_HELPER_H
#define IPTRACE_SYSTEM_HELPER_H

/* The descriptor of a helper's socket to its client, once helper_keep_socket() was called. */
#define HELPER_SOCKET 3

/* Own session, the signals that end a recording ignored, an empty environment (variables steer libxtables and
 * modprobe), the C locale, nothing left in the parent's buffers, and a name for ps. */
void helper_begin(const char *name);

/* Closes every descriptor but the socket, which becomes HELPER_SOCKET: an inherited end of somebody else's
 * socket would hide a death. Negative errno. */
int helper_keep_socket(int socket);

#endif
