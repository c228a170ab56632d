/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Every text is printed by a process of its own, whose standard output is a memfd: whatever an extension of
 * libxtables does there, the agent survives to undo what it must. */
#ifndef IPTRACE_LEGACY_AGENT_AGENT_TEXT_H
#define IPTRACE_LEGACY_AGENT_AGENT_TEXT_H

#include <sys/types.h>

#include "format/family.h"
#include "recorder/core/error.h"
#include "recorder/legacy/agent/save.h"

struct agent_text_job {
    pid_t pid;
    int pidfd;     /* readable when the process has ended */
    int text;      /* memfd in the format of agent_wire.h */
    int complaint; /* memfd of its standard error */
};

#define AGENT_TEXT_JOB_NONE                                                                                  \
    (struct agent_text_job)                                                                                  \
    {                                                                                                        \
        .pid = 0, .pidfd = -1, .text = -1, .complaint = -1                                                   \
    }

int agent_text_start(enum ip_family family, const char *table, enum save_selection selection,
                     struct agent_text_job *ret_job, struct error *error);

/* Waits for the process to end; *ret_text is then the sealed memfd, which the caller closes. Releases the job
 * in any case. */
int agent_text_finish(struct agent_text_job *job, int *ret_text, struct error *error);

/* Kills the process at once. */
void agent_text_kill(struct agent_text_job *job);

#endif
