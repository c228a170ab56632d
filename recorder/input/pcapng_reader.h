/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads the blocks of a pcapng file from bytes that the caller has read. Pure.
 *
 * Source of the facts: draft-ietf-opsawg-pcapng. A block, in the byte order of its section:
 *
 *     +---------------+---------------+---------------+---------------+
 *     |                             type                              |
 *     +---------------+---------------+---------------+---------------+
 *     |              length of the whole block, a multiple of 4       |
 *     +---------------+---------------+---------------+---------------+
 *     |                          body                                 |
 *     +---------------+---------------+---------------+---------------+
 *     |                       the length again                        |
 */
#ifndef IPTRACE_INPUT_PCAPNG_READER_H
#define IPTRACE_INPUT_PCAPNG_READER_H

#include <glib.h>

#include "format/wire.h"

#define PCAPNG_READER_BLOCK_MAX      (16 << 20) /* longer ones are considered damaged */
#define PCAPNG_READER_INTERFACES_MAX 65536      /* per section */
#define PCAPNG_READER_LENGTH_MIN     12

enum pcapng_block_type {
    PCAPNG_SECTION_HEADER = 0x0A0D0D0A,
    PCAPNG_INTERFACE = 1,
    PCAPNG_OLD_PACKET = 2,
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_ENHANCED_PACKET = 6,
    PCAPNG_JOURNAL = 9,
};

struct pcapng_reader {
    bool begun;         /* a section header was seen */
    bool swapped;       /* the section is not in this machine's byte order */
    bool damaged;       /* searching for the next plausible block */
    GArray *interfaces; /* of this section: struct pcapng_reader_interface */
};

struct pcapng_reader_block {
    uint32_t type;
    struct bytes body;
};

struct pcapng_reader_packet {
    uint32_t link_type;
    bool has_time;
    uint64_t time_ns;
    struct bytes data;
    bool cut; /* the file does not have the whole packet */
};

enum pcapng_status {
    PCAPNG_BLOCK,  /* `ret_block` is set */
    PCAPNG_DAMAGE, /* bytes that are not a block were skipped, up to what may be one */
    PCAPNG_MORE,   /* `ret_wanted` bytes are needed in the window */
    PCAPNG_END,    /* the window is empty, and the last one */
    PCAPNG_CUT,    /* the window is the last one, and ends within a block */
};

/* Start with {0}. */
void pcapng_reader_done(struct pcapng_reader *reader);

/* Takes the next block off the front of `window`. `final`: nothing follows the window. */
enum pcapng_status pcapng_reader_next(struct pcapng_reader *reader, struct bytes *window, bool final,
                                      struct pcapng_reader_block *ret_block, size_t *ret_wanted);

/* Notes what a section header or interface block says about the blocks that follow; other blocks change
 * nothing. False on damage. */
bool pcapng_reader_note(struct pcapng_reader *reader, const struct pcapng_reader_block *block);

/* Reads a packet block of any kind. False on damage. */
bool pcapng_reader_packet(const struct pcapng_reader *reader, const struct pcapng_reader_block *block,
                          struct pcapng_reader_packet *ret_packet);

/* A 32-bit number at offset `at` of a block's body, in the section's byte order; false if the body is too
 * short. */
bool pcapng_reader_uint32(const struct pcapng_reader *reader, struct bytes bytes, size_t at,
                          uint32_t *ret_value);

#endif
