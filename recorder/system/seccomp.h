/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A filter for the system calls of the process that reads packets. */
#ifndef IPTRACE_SYSTEM_SECCOMP_H
#define IPTRACE_SYSTEM_SECCOMP_H

#include <stdbool.h>

/* From now on every other system call fails with EPERM, and one of another architecture ends the process
 * (SIGSYS). `opens_files` also allows the calls that open, inspect and remove files. Needs no_new_privs.
 * -ENOSYS, -EINVAL: the kernel has no such filters, or the filter does not know this architecture. Does
 * nothing in a build with sanitizers. */
int seccomp_install(bool opens_files);

#endif
