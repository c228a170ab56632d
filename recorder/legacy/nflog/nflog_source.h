/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The kernel's TRACE messages, live, from NFLOG group 0. */
#ifndef IPTRACE_LEGACY_NFLOG_NFLOG_SOURCE_H
#define IPTRACE_LEGACY_NFLOG_NFLOG_SOURCE_H

#include "recorder/legacy/walk/source.h"

struct nflog_options {
    uint32_t copy_range;  /* bytes of each packet that the kernel copies; 0 is all */
    uint32_t buffer_size; /* socket receive buffer in bytes */
    /* Name of the namespace if it is one of several; interfaces are then called `netns/eth0`. Else null. */
    const char *netns;
};

/* Opens the socket in the network namespace of the calling thread and binds group 0 for both families. The
 * loggers are not touched. Errors: -EPERM without the capability, -EBUSY if another process holds the group
 * (the sentence names it), -EOPNOTSUPP if the kernel has no NFLOG.
 *
 * Everything that needs privileges or the namespace happens here. Later calls use recvfrom, sendto,
 * getsockopt and clock_gettime only, and no new descriptor. */
int nflog_source_open(struct source **ret_source, const struct nflog_options *options, struct error *error);

/* The receive buffer that the kernel granted, in bytes as in nflog_options.buffer_size: less than requested
 * if SO_RCVBUFFORCE is refused and net.core.rmem_max is smaller. */
uint32_t nflog_source_buffer(const struct source *source);

#endif
