/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a newly forked process does to become one of our helpers, which outlive their parent. */
#ifndef IPTRACE_SYSTEM_HELPER_H
#define IPTRACE_SYSTEM_HELPER_H

/* The descriptor of a helper's socket to its client, after helper_keep_socket(). */
#define HELPER_SOCKET 3

/* Gives it a session of its own, an empty environment (variables influence libxtables and modprobe), the C
 * locale and a name for ps, ignores the signals that end a recording, and discards what is in the parent's
 * buffers. */
void helper_begin(const char *name);

/* Closes every descriptor but the socket, which becomes HELPER_SOCKET: an inherited end of another socket
 * would hide the death of its owner. 0 or negative errno. */
int helper_keep_socket(int socket);

#endif
