/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's audit tells of legacy tables: a record of type NETFILTER_CFG for each that is replaced,
 * with who did it, whatever lock was held. Only where audit is on (auditd, or auditctl -e 1), and only to a
 * socket of the machine's first network namespace; but of all network namespaces, for it does not name one.
 * Source: audit_log_nfcfg(), kernel/auditsc.c, called by xt_replace_table(), net/netfilter/x_tables.c; and
 * kauditd_send_multicast_skb(), kernel/audit.c. */
#ifndef IPTRACE_SYSTEM_AUDIT_H
#define IPTRACE_SYSTEM_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "format/family.h"

struct audit_change {
    enum ip_family family;
    char table[32];
    char program[64]; /* its name, as the kernel has it; what is not printable is `?` */
    int64_t pid;      /* in the first process namespace */
};

/* A socket to poll for POLLIN and to close; -1 where audit may not be listened to (it takes CAP_AUDIT_READ in
 * the first user namespace) or this kernel has none. Open it before privileges are given up. */
int audit_open(void);

/* The next replacement that was told of; false where none is left. Never waits. */
bool audit_next(int fd, struct audit_change *ret_change);

/* A record's text, zero-terminated: false where it is of anything but the replacement of a table of IPv4 or
 * IPv6. */
bool audit_parse(const char *text, struct audit_change *ret_change);

#endif
