/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's TRACE messages, live, by NFLOG group 0. */
#ifndef IPTRACE_LEGACY_NFLOG_NFLOG_SOURCE_H
#define IPTRACE_LEGACY_NFLOG_NFLOG_SOURCE_H

#include "recorder/legacy/walk/source.h"

struct nflog_options {
    uint32_t copy_range;  /* bytes of each packet that the kernel copies; 0 is all */
    uint32_t buffer_size; /* socket receive buffer in bytes */
    const char *netns;    /* what to call the namespace, where it is one of several; else null. Interfaces are
                             called `netns/eth0` then */
};

/* Opens the socket in the network namespace of the calling thread and binds group 0 for both families. The
 * loggers are not touched. Errors: EPERM where the capability is missing, EBUSY where another process holds
 * the group (the sentence names it), EOPNOTSUPP where the kernel has no NFLOG.
 *
 * All that needs privileges or the namespace happens here. Later calls use recvfrom, sendto, getsockopt and
 * clock_gettime only, and no new descriptor. */
int nflog_source_open(struct source **ret_source, const struct nflog_options *options, struct error *error);

/* Bytes of receive buffer that the kernel granted, in the unit of nflog_options.buffer_size: less than asked
 * for where SO_RCVBUFFORCE is refused and net.core.rmem_max is smaller. */
uint32_t nflog_source_buffer(const struct source *source);

#endif
