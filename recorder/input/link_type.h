/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Link types of capture files, and their readable names: tcpdump.org/linktypes.html. */
#ifndef IPTRACE_INPUT_LINK_TYPE_H
#define IPTRACE_INPUT_LINK_TYPE_H

#include <stdint.h>

#define LINK_TYPE_RAW       101
#define LINK_TYPE_DLT_RAW   12 /* what we write: recorder/core/pcapng.c */
#define LINK_TYPE_NFLOG     239
#define LINK_TYPE_NAME_SIZE 32

/* The name, or the number if it is not one of the common types. */
void link_type_name(uint32_t type, char ret_name[LINK_TYPE_NAME_SIZE]);

#endif
