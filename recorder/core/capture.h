/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What goes into the file, and in which order: docs/format.md. Makes blocks in memory; the caller writes
 * them. */
#ifndef IPTRACE_CORE_CAPTURE_H
#define IPTRACE_CORE_CAPTURE_H

#include "recorder/core/finished_path.h"
#include "recorder/core/journal.h"
#include "recorder/core/rules_record.h"

struct capture_options {
    uint32_t capture_id; /* random, not 0 */
    bool blocks;         /* write Custom Blocks */
    uint32_t snapshot_length;
    const char *filter;   /* the pcap-filter(7) expression or null; stays the caller's, like the next three */
    const char *hardware; /* the machine's processor */
    const char *os;       /* the machine's operating system */
    const char *application; /* the program that writes the file */
};

struct capture;

struct capture *capture_new(const struct capture_options *options);
void capture_free(struct capture *capture);

/* Begins a file: a section and one interface by name. Called again, it begins the next file of a ring: the
 * interfaces of the file before are declared again; the caller adds the rulesets again. */
void capture_begin_file(struct capture *capture, struct bytes interface);

/* Declares an interface, once per file. */
void capture_add_interface(struct capture *capture, struct bytes name);

/* Adds a finished packet; its messages follow in a later Custom Block. `lost` is the number of messages known
 * to have been lost since the packet before. Returns the packet's number, from 1. */
uint32_t capture_add_packet(struct capture *capture, const struct finished_path *path, uint64_t lost);

void capture_add_rules(struct capture *capture, const struct rules_record *rules);
void capture_add_journal(struct capture *capture, uint64_t time_ns, enum journal_priority priority,
                         const char *event, const char *message, const struct journal_field *fields,
                         size_t count);

/* Puts the messages that are waiting for a block into one. */
void capture_flush_messages(struct capture *capture);

/* Interface statistics, the last blocks of a file. */
void capture_end_file(struct capture *capture, uint64_t start_ns, uint64_t end_ns, uint64_t lost);

/* Returns the blocks made since the last call, valid until the next call of any function. */
struct bytes capture_take(struct capture *capture);

/* The size in bytes of what capture_take() would return now. */
size_t capture_pending(const struct capture *capture);

#endif
