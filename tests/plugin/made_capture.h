/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A capture in the making: packets that are told by their steps, with their path records, and Custom Blocks;
 * sound, or with some bytes of both wrong. */
#ifndef IPTRACE_TESTS_MADE_CAPTURE_H
#define IPTRACE_TESTS_MADE_CAPTURE_H

#include "format/path_record.h"

#define MADE_CAPTURE_ID 0x1234u
#define MADE_TIME_NS    1700000000000000000u
#define MADE_STEPS_MAX  8

/* The one that is being made. */
extern struct made_capture {
    struct wire_writer file;
    struct path_writer path_writer;
    uint32_t packets; /* so far; the next one's packet id is one more */
    uint32_t packet_id_step;
    uint64_t lost;         /* since the packet before */
    uint32_t damage_state; /* 0: no damage */
} made;

struct packet_spec {
    struct path path;
    struct step steps[MADE_STEPS_MAX];
    size_t count;
};

/* The next step, in the context of the one before. */
struct step *made_add(struct packet_spec *spec, const char *table, const char *chain, unsigned type,
                      unsigned number, const char *rule, const char *target);
void made_at_hook(struct step *step, unsigned hook, const char *in, const char *out);

/* Two steps in PREROUTING. */
void made_begin_forward(struct packet_spec *spec);

/* By the last step. */
void made_decide(struct packet_spec *spec, unsigned verdict, unsigned reason);

/* A TCP SYN or UDP datagram of IPv4, and a TCP SYN of IPv6, in 64 bytes; checksums are left 0. Returns its
 * length. */
size_t made_ipv4(uint8_t *packet, uint8_t protocol, uint16_t source, uint16_t destination);
size_t made_ipv6(uint8_t *packet, uint16_t destination);

/* The packet with its path, or with a record as it is. */
void made_write(struct packet_spec *spec, const uint8_t *packet, size_t length);
void made_write_raw(const uint8_t *packet, size_t length, struct bytes record);

/* Writes the body as a Custom Block, and empties it. */
void made_write_custom(struct wire_writer *body);

/* Everything stands under IPTRACE_PEN; a number in its place is the same file of somebody else's. */
void made_set_enterprise(uint32_t number);

#endif
