/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The tag in the comment of our own rules: it identifies the process responsible for them, so that whoever
 * finds such a rule can tell whether that process is still alive. */
#ifndef IPTRACE_RESTORE_STATE_TAG_H
#define IPTRACE_RESTORE_STATE_TAG_H

#include <stdbool.h>

enum life {
    LIFE_UNKNOWN, /* the tag is from another PID namespace, or not one of ours */
    LIFE_ALIVE,
    LIFE_DEAD,
};

/* `4711.86400123.1f0c2d3e.4026531836`: process id and start time (field 22 of proc(5)'s stat; process ids are
 * reused, but not with the same start time), the beginning of the boot id, the PID namespace. The caller
 * frees it. */
char *state_tag_new(void);

/* Whether the process of a tag is still running. */
enum life state_tag_life(const char *tag);

/* Whether the machine has not been rebooted since the tag was made. */
bool state_tag_is_of_this_boot(const char *tag);

/* The process id of a tag; 0 if it has none. */
long state_tag_pid(const char *tag);

#endif
