/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Reads the header and the records of a classic pcap file. Pure. Source of the facts:
 * draft-ietf-opsawg-pcap. */
#ifndef IPTRACE_INPUT_PCAP_READER_H
#define IPTRACE_INPUT_PCAP_READER_H

#include "format/wire.h"

#define PCAP_HEADER_LENGTH        24
#define PCAP_RECORD_HEADER_LENGTH 16
#define PCAP_RECORD_MAX           (1 << 20) /* longer ones are considered damaged */

struct pcap_reader {
    bool swapped; /* the file is not in this machine's byte order */
    bool nanoseconds;
    uint32_t link_type;
};

struct pcap_record {
    uint64_t time_ns;
    struct bytes data;
    bool cut; /* the file does not have the whole packet */
};

enum pcap_status {
    PCAP_RECORD, /* `ret_record` is set */
    PCAP_MORE,   /* `ret_wanted` bytes are needed in the window */
    PCAP_DAMAGE, /* impossible lengths: nothing more can be read */
};

/* False if `header` does not begin with the header of a pcap file. */
bool pcap_reader_begin(struct pcap_reader *ret_reader, struct bytes header);

/* Takes the next record off the front of `window`. */
enum pcap_status pcap_reader_next(const struct pcap_reader *reader, struct bytes *window,
                                  struct pcap_record *ret_record, size_t *ret_wanted);

#endif
