/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A file or pipe that takes whole pcapng blocks, and whatever happens stays valid up to its last whole
 * block. */
#ifndef IPTRACE_OUTPUT_OUTPUT_H
#define IPTRACE_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "format/wire.h"
#include "recorder/core/error.h"

struct output;

/* Opens `path` for writing, `-` for standard output. A new file gets `mode` (less the umask); an existing one
 * is truncated and keeps its owner. A symbolic link is followed only if root or the caller owns it;
 * named_file.h describes rights and ownership. For a pipe, waits until it has a reader, or returns -EINTR.
 * SIGPIPE and SIGXFSZ must be ignored by the program. */
int output_open(struct output **ret_output, const char *path, mode_t mode, struct error *error);

/* Makes a new file: -EEXIST if anything of that name exists, even a link. */
int output_create(struct output **ret_output, const char *path, mode_t mode, struct error *error);

/* Takes one or more whole blocks, which are written when the buffer is full or flushed. After a failure
 * (-ENOSPC, -EPIPE …) every later call fails the same way; a regular file has then been truncated to the end
 * of its last whole block. If a pipe's reader takes nothing, both functions wait until a signal comes
 * (interrupt.h); from then on they keep what has not been taken, and that is not a failure. */
int output_write(struct output *output, struct bytes blocks, struct error *error);
int output_flush(struct output *output, struct error *error);

/* Flushes and closes; frees `output` even if it fails. Waits for a reader that takes nothing: until the next
 * signal (-EINTR) or, once a signal has come, for at most INTERRUPT_PATIENCE_MS (-ETIMEDOUT). Null is
 * allowed. */
int output_close(struct output *output, struct error *error);

/* Closes without flushing: for a child that inherited it, and for tests. */
void output_abandon(struct output *output);

uint64_t output_size(const struct output *output); /* bytes taken, flushed or not */
/* Of them, those written, in whole blocks; after a failure, that is all the file has. */
uint64_t output_written(const struct output *output);
bool output_is_regular(const struct output *output);

/* The descriptor on which poll() reports that a pipe's reader has gone: request no events, errors are always
 * reported; -1 for a regular file. */
int output_reader_fd(const struct output *output);

/* Notes that the reader has gone: fails with -EPIPE, as does every later call. */
int output_lose_reader(struct output *output, struct error *error);

#endif
