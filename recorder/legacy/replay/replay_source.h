/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* TRACE messages from a file. */
#ifndef IPTRACE_LEGACY_REPLAY_REPLAY_SOURCE_H
#define IPTRACE_LEGACY_REPLAY_REPLAY_SOURCE_H

#include "recorder/legacy/walk/source.h"

/* Opens a pcap or pcapng file with records of link type NFLOG, or with message blocks of our own captures;
 * `-` is standard input. If a file turns out to hold neither, the last drain fails with -ENOMSG. The messages
 * of our captures are stored by packet, but handed over in the order in which they came, separately for each
 * capture. */
int replay_source_open(struct source **ret_source, const char *path, struct error *error);

#endif
