/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's own SSH session: tracing it would make packets of what it shows, and those again, for ever. */
#ifndef IPTRACE_SYSTEM_SSH_SESSION_H
#define IPTRACE_SYSTEM_SSH_SESSION_H

/* Of `CLIENT-ADDRESS CLIENT-PORT SERVER-ADDRESS SERVER-PORT`, the value of SSH_CONNECTION (ssh(1)), the
 * filter expression that leaves that connection out; null where the value is not of that form. To be freed. */
char *ssh_session_filter(const char *connection);

/* The value of SSH_CONNECTION: the own one, or where it is unset, as under sudo, that of the nearest parent
 * process that has one. Null without one. To be freed. */
char *ssh_session_find(void);

#endif
