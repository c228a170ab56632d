/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A filter of the system calls that the process which reads packets may make. */
#ifndef IPTRACE_SYSTEM_SECCOMP_H
#define IPTRACE_SYSTEM_SECCOMP_H

#include <stdbool.h>

/* From now on every other call is refused with EPERM, and ends the process if it is one of another machine's
 * (SIGSYS). `opens_files` adds what opens, looks at and removes files. Needs no_new_privs. -ENOSYS, -EINVAL:
 * the kernel has no such filters, or this machine is one that the filter does not know. Nothing in a build
 * with sanitizers. */
int seccomp_install(bool opens_files);

#endif
