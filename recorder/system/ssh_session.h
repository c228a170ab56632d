/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The user's own SSH session: tracing it would feed back for ever, because what it shows makes new
 * packets. */
#ifndef IPTRACE_SYSTEM_SSH_SESSION_H
#define IPTRACE_SYSTEM_SSH_SESSION_H

/* The filter expression that excludes a connection. `connection` is the value of SSH_CONNECTION (ssh(1)),
 * `CLIENT-ADDRESS CLIENT-PORT SERVER-ADDRESS SERVER-PORT`; null if it is not of that form. The caller frees
 * the result. */
char *ssh_session_filter(const char *connection);

/* The value of SSH_CONNECTION in our own environment or, if it is unset there, as under sudo, in that of the
 * nearest ancestor that has it; else null. The caller frees it. */
char *ssh_session_find(void);

#endif
