/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the kernel's audit subsystem reports about legacy tables: a record of type NETFILTER_CFG for each
 * replacement, with the process that made it, whether or not a lock was held. Only if auditing is on (auditd,
 * or auditctl -e 1), and only to a socket of the machine's initial network namespace; yet for all network
 * namespaces, without saying which. Source: audit_log_nfcfg(), kernel/auditsc.c, called by
 * xt_replace_table(), net/netfilter/x_tables.c; and kauditd_send_multicast_skb(), kernel/audit.c. */
#ifndef IPTRACE_SYSTEM_AUDIT_H
#define IPTRACE_SYSTEM_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"

struct audit_change {
    enum ip_family family;
    char table[32];
    char program[64]; /* its name, as the kernel reports it; unprintable characters are `?` */
    int64_t pid;      /* in the initial PID namespace */
};

/* A socket to poll for POLLIN, closed by the caller; -1 if we may not listen to audit records (that takes
 * CAP_AUDIT_READ in the initial user namespace) or the kernel has no audit. Open it before privileges are
 * dropped. */
int audit_open(void);

/* The next replacement that was reported; false if there is none. Never waits. */
bool audit_next(int fd, struct audit_change *ret_change);

/* Parses a record's text, which is zero-terminated; false if it is about anything but the replacement of an
 * IPv4 or IPv6 table. */
bool audit_parse(const char *text, struct audit_change *ret_change);

#endif
