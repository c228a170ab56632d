/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Writing pcapng blocks. Source: draft-ietf-opsawg-pcapng. Little endian, link type RAW, times in
 * nanoseconds. Every function appends one whole block to `out`. */
#ifndef IPTRACE_CORE_PCAPNG_H
#define IPTRACE_CORE_PCAPNG_H

#include "format/envelope.h"

enum pcapng_direction {
    PCAPNG_DIRECTION_UNKNOWN = 0,
    PCAPNG_INBOUND = 1,
    PCAPNG_OUTBOUND = 2,
};

struct pcapng_packet {
    uint32_t interface;
    uint64_t time_ns;
    struct bytes data;        /* as captured */
    uint32_t original_length; /* not less than captured */
    uint64_t packet_id;
    uint64_t drop_count; /* lost since the packet before; written if not 0 */
    enum pcapng_direction direction;
    struct bytes comment; /* written if not empty, truncated at 65535 bytes */
    struct bytes record;  /* for the custom option, without the enterprise number; at most 65531 bytes */
};

struct pcapng_statistics {
    uint32_t interface;
    uint64_t time_ns, start_ns, end_ns;
    uint64_t received, dropped;
};

void pcapng_write_section(struct wire_writer *out, const char *hardware, const char *os,
                          const char *application);
void pcapng_write_interface(struct wire_writer *out, struct bytes name, uint32_t snapshot_length,
                            const char *filter);
void pcapng_write_packet(struct wire_writer *out, const struct pcapng_packet *packet);

/* Custom Block, to be copied. `body` is what follows the enterprise number. */
void pcapng_write_custom(struct wire_writer *out, struct bytes body);

/* systemd Journal Export Block; `entry` in the Journal Export Format, with its final newline. */
void pcapng_write_journal(struct wire_writer *out, struct bytes entry);
void pcapng_write_statistics(struct wire_writer *out, const struct pcapng_statistics *statistics);

#endif
