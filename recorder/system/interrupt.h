/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The signals that end a recording, and waiting that they can interrupt.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and read from a descriptor: they do nothing by themselves, and
 * whoever waits for something else waits for them as well. A wait ends with -EINTR as long as there is a
 * signal that has not been answered. Whoever answers it (stops recording, and puts back what was changed)
 * calls interrupt_answer(), after which waits last until the next signal: the first signal ends the
 * recording, the second cuts short what is left to do at the end.
 *
 * Signals belong to the whole process, and so does this state. Before interrupt_open() there are none, and
 * nothing interrupts a wait. */
#ifndef IPTRACE_SYSTEM_INTERRUPT_H
#define IPTRACE_SYSTEM_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder/core/error.h"

/* Ctrl-C reaches both a recorder and its parent, which may then send SIGTERM (Wireshark does): signals this
 * close together count as one. */
#define INTERRUPT_SAME_MS     500
#define INTERRUPT_PATIENCE_MS 2000 /* for a reader that takes nothing, once a signal has come */

int interrupt_open(struct error *error);

/* For a forked process, which has signals of its own; that process closes the inherited descriptor itself. */
void interrupt_forget(void);

/* Readable when a signal has come: then call interrupt_read(). -1: not open. */
int interrupt_fd(void);
void interrupt_read(void);

/* Whether any signal that has been read is still unanswered. */
bool interrupt_is_pending(void);
void interrupt_answer(void);

/* Whether any signal has come at all, answered or not. */
bool interrupt_was_heard(void);

/* Like poll() on one descriptor (-1: none), for `timeout_ms` (-1: for ever): 1 if it is ready, 0 on timeout,
 * -EINTR, or the error of poll(). A descriptor that is ready takes precedence over a signal. */
int interrupt_poll(int fd, short events, int timeout_ms);

/* Writes without blocking, whatever the descriptor's flags, in pieces that a pipe takes whole. `timeout_ms`:
 * how long a reader may take nothing. 0, or why it ended early: -EINTR, -ETIMEDOUT or the error of write();
 * `*ret_written` is set in any case. */
int interrupt_write(int fd, const void *data, size_t length, int timeout_ms, size_t *ret_written);

#endif
