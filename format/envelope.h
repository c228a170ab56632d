/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The header in front of everything we put into a pcapng file: that it is ours, its version, and its kind.
 *
 * After the Private Enterprise Number, which pcapng itself requires (in the custom option 2989 and in the
 * Custom Block 0x00000BAD), come eight bytes, then the body in the wire format of format/wire.h:
 *
 *      0               1               2               3
 *     +---------------+---------------+---------------+---------------+
 *     |      'I'      |      'P'      |      'T'      |      'R'      |
 *     +---------------+---------------+---------------+---------------+
 *     |    version    |     kind      |    padding    |  reserved, 0  |
 *     +---------------+---------------+---------------+---------------+
 *     |                       body, to the end                        |
 *
 * `padding` is the number of zero bytes, 0 to 3, after the body: a Custom Block is padded to 32 bits, and
 * pcapng does not record by how much. In an option, which has a length, it is 0.
 *
 * Normative text: docs/format.md. */
#ifndef IPTRACE_FORMAT_ENVELOPE_H
#define IPTRACE_FORMAT_ENVELOPE_H

#include "format/wire.h"

#define IPTRACE_PEN             32473 /* RFC 5612: the enterprise number for documentation */
#define IPTRACE_FORMAT_VERSION  1
#define IPTRACE_ENVELOPE_LENGTH 8

#define PCAPNG_OPTION_CUSTOM_BINARY 2989   /* custom option, binary, to be copied */
#define PCAPNG_CUSTOM_BLOCK         0xBAD  /* Custom Block, to be copied */
#define PCAPNG_BLOCK_MAX            262144 /* dumpcap and editcap refuse longer ones */
#define PCAPNG_OPTION_MAX           65535
#define FORMAT_NETNS_MAX            255 /* bytes of a network namespace's name; writers truncate longer ones */

enum envelope_kind {
    ENVELOPE_PATH = 1,     /* path record: an option of an Enhanced Packet Block */
    ENVELOPE_MESSAGES = 2, /* message block: a Custom Block */
    ENVELOPE_RULESET = 3,  /* ruleset block: a Custom Block */
};

enum envelope_status {
    ENVELOPE_OK,
    ENVELOPE_FOREIGN, /* not ours: another magic, or too short for one */
    ENVELOPE_VERSION, /* ours, but of a version this code does not know: the body must not be interpreted */
};

/* Takes the bytes after the enterprise number. `ret_kind` is set when it is ours, `ret_body` when OK.
 * A kind that this code does not know is OK here: the caller skips it. */
enum envelope_status envelope_open(struct bytes bytes, unsigned *ret_version, unsigned *ret_kind,
                                   struct bytes *ret_body);

/* Writes the eight bytes, with padding 0. */
void envelope_write(struct wire_writer *writer, enum envelope_kind kind);

/* Pads the envelope and its body, which begin at `begin`, with zero bytes to a multiple of four, and records
 * their number in the envelope. */
void envelope_pad(struct wire_writer *writer, size_t begin);

#endif
