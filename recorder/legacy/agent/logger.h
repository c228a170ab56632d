/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Which logger the kernel hands TRACE messages to: /proc/sys/net/netfilter/nf_log/2 and 10, in this network
 * namespace. */
#ifndef IPTRACE_LEGACY_AGENT_LOGGER_H
#define IPTRACE_LEGACY_AGENT_LOGGER_H

#include <stdbool.h>

#include "format/family.h"
#include "recorder/core/error.h"

#define LOGGER_NAME_SIZE 64 /* NFLOGGER_NAME_LEN, net/netfilter/nf_log.c */
#define LOGGER_NFLOG     "nfnetlink_log"
#define LOGGER_NONE      "NONE"

/* The name is LOGGER_NONE if there is none. */
int logger_read(enum ip_family family, char ret_name[static LOGGER_NAME_SIZE], struct error *error);

/* Writes only if the name differs. -ENOENT: the kernel has no such logger; -EPERM, -EACCES, -EROFS. */
int logger_write(enum ip_family family, const char *name, struct error *error);

/* Writes `former` only if the logger is still LOGGER_NFLOG, so that a later choice of the administrator is
 * kept. `ret_restored` may be NULL. */
int logger_restore(enum ip_family family, const char *former, bool *ret_restored, struct error *error);

#endif
