/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The signals that end a recording, as every wait hears them.
 *
 * SIGINT, SIGTERM and SIGHUP are blocked and read from a descriptor: nothing happens by itself, and whoever
 * waits for something else waits for them as well. A wait ends with -EINTR as long as there is a signal that
 * nobody has answered yet. Who answers (stops recording, and puts back what was changed) says so, and from
 * then on waits go on until the next one comes: the first signal ends the recording, the second what is left
 * of its end.
 *
 * Signals are the process's, and so is this. Before interrupt_open() there are none: waits last as long as
 * they do. */
#ifndef IPTRACE_SYSTEM_INTERRUPT_H
#define IPTRACE_SYSTEM_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder/core/error.h"

/* Ctrl-C reaches a recorder and its parent, which then sends SIGTERM (Wireshark does): both mean the same. */
#define INTERRUPT_SAME_MS     500
#define INTERRUPT_PATIENCE_MS 2000 /* for a reader that takes nothing, once a signal has come */

int interrupt_open(struct error *error);

/* In a forked process, which has its signals to itself; the descriptor is closed by whom it was inherited. */
void interrupt_forget(void);

/* Readable when a signal came: then call interrupt_read(). -1: not open. */
int interrupt_fd(void);
void interrupt_read(void);

/* Whether there is one that nobody has answered, of those that were read. */
bool interrupt_is_pending(void);
void interrupt_answer(void);

/* Whether any came at all, answered or not. */
bool interrupt_was_heard(void);

/* As poll() of one descriptor (-1: none), for `timeout_ms` (-1: for ever): 1 where it is ready, 0 where it
 * was not in time, -EINTR, or what poll() fails with. A descriptor that is ready goes before a signal. */
int interrupt_poll(int fd, short events, int timeout_ms);

/* Writes without being blocked, in pieces that a pipe takes whole, whatever the descriptor's flags.
 * `timeout_ms`: how long a reader may take nothing. 0, or what ended it: -EINTR, -ETIMEDOUT or what write()
 * fails with; `*ret_written` is set in any case. */
int interrupt_write(int fd, const void *data, size_t length, int timeout_ms, size_t *ret_written);

#endif
