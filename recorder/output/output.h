/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file or pipe that takes whole pcapng blocks, and is sound up to its last whole block whatever happens. */
#ifndef IPTRACE_OUTPUT_OUTPUT_H
#define IPTRACE_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/wire.h"
#include "recorder/core/error.h"

struct output;

/* Opens `path` for writing, `-` for standard output. A new file gets `mode` (less the umask); an existing one
 * is emptied and stays whose it is. A symbolic link is followed only where root or the caller owns it; rights
 * and ownership are as named_file.h tells. A pipe is waited for until it has a reader, or -EINTR. SIGPIPE and
 * SIGXFSZ must be ignored by the program. */
int output_open(struct output **ret_output, const char *path, mode_t mode, struct error *error);

/* Makes a new file: -EEXIST where there is anything of that name, a link included. */
int output_create(struct output **ret_output, const char *path, mode_t mode, struct error *error);

/* Takes one or more whole blocks, which are written when the buffer is full or flushed. After a failure
 * (-ENOSPC, -EPIPE …) every later call fails the same way; a regular file has then been cut back to the end
 * of the last whole block. A reader that takes nothing is waited for until a signal comes (interrupt.h):
 * then, and from then on, both keep what it has not taken, and are no failures. */
int output_write(struct output *output, struct bytes blocks, struct error *error);
int output_flush(struct output *output, struct error *error);

/* Flushes and closes; frees `output` even where it fails. A reader that takes nothing is waited for, once a
 * signal has come for INTERRUPT_PATIENCE_MS, until the next signal: then -ETIMEDOUT or -EINTR. Null is
 * allowed. */
int output_close(struct output *output, struct error *error);

/* Closes without flushing: for a child that inherited it, and for tests. */
void output_abandon(struct output *output);

uint64_t output_size(const struct output *output); /* bytes taken, flushed or not */
/* Of them, those that are written, in whole blocks; after a failure these are what there is. */
uint64_t output_written(const struct output *output);
bool output_is_regular(const struct output *output);

/* What poll() tells of when a pipe's reader goes: ask for no events, an error comes by itself; -1 for a
 * regular file. */
int output_reader_fd(const struct output *output);

/* The reader has gone: fails with -EPIPE, as every later call does. */
int output_lose_reader(struct output *output, struct error *error);

#endif
