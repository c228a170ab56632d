/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The message block: TRACE messages as the kernel sent them, by packet, each with what it was found to mean.
 * Compact because a message says only what differs from the one before; lossless all the same. */
#ifndef IPTRACE_FORMAT_MESSAGE_BLOCK_H
#define IPTRACE_FORMAT_MESSAGE_BLOCK_H

#include "format/message.h"
#include "format/step.h"

#define MESSAGE_BLOCK_STRINGS_MAX 4096
#define MESSAGE_BLOCK_RULES_MAX   4096
#define MESSAGE_PAYLOAD_MAX       65535

/* What messages with the same prefix mean, written once a block. Of `step.context` only the interface names
 * are used: the rest stands in the messages themselves. */
struct block_rule {
    struct bytes prefix; /* with its terminating zero, as the kernel sent it */
    struct step step;
};

struct message_block_reader {
    struct wire_reader reader;
    uint32_t capture_id;
    struct bytes netns;
    struct string_list strings;
    struct block_rule *rules;
    uint32_t rule_count;
    bool has_packet;
    struct wire_field first_packet;
    /* Decoding state: the first message of the packet before, and the last message. */
    struct message first, last;
    uint8_t *first_payload, *last_payload; /* MESSAGE_PAYLOAD_MAX bytes each */
    uint8_t first_numbers[24], last_numbers[24];
    /* The packet being read. */
    struct wire_reader packet;
    bool packet_begun;
};

typedef void *message_block_allocate_fn(void *user, size_t size);

/* Reads a body up to its first packet. Memory comes from `allocate` (never null; released by its owner when
 * the reader is no longer used): at most about 2 MiB. False at damage. */
bool message_block_begin(struct message_block_reader *reader, struct bytes body,
                         message_block_allocate_fn *allocate, void *user);

/* Goes to the next packet; false after the last and at damage (`reader->reader.bad`). `ret_body` may be null.
 */
bool message_block_next_packet(struct message_block_reader *reader, uint32_t *ret_packet,
                               struct bytes *ret_body);

/* The next message of the packet; false after its last and at damage. `*ret_message` is valid until the next
 * call. `*ret_rule` is null where the message refers to none. `ret_body` may be null. */
bool message_block_next(struct message_block_reader *reader, const struct message **ret_message,
                        const struct block_rule **ret_rule, struct bytes *ret_body);

/* Collects messages; opaque because of its tables. */
struct message_block_writer;

struct message_block_writer *message_block_writer_new(uint32_t capture_id, struct bytes netns);
void message_block_writer_free(struct message_block_writer *writer);

/* Begins a packet: `packet` is its number within the capture. */
void message_block_writer_packet(struct message_block_writer *writer, uint32_t packet);

/* Adds a message of that packet, with what it means. Copies what it needs but for the message itself, which
 * must stay until the next call. False, and nothing added, where the block is full: write it out, then begin
 * the packet again. */
bool message_block_writer_add(struct message_block_writer *writer, const struct message *message,
                              const struct step *step);

/* Bytes that the block would have now; 0 where it holds no message. */
size_t message_block_writer_length(const struct message_block_writer *writer);

/* Appends envelope and body to `out` and begins a new, empty block. */
void message_block_writer_finish(struct message_block_writer *writer, struct wire_writer *out);

#endif
