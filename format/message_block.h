/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The message block: TRACE messages as the kernel sent them, grouped by packet, each with its interpretation.
 * Compact, because each message is stored as its difference from the one before, yet lossless. */
#ifndef IPTRACE_FORMAT_MESSAGE_BLOCK_H
#define IPTRACE_FORMAT_MESSAGE_BLOCK_H

#include "format/message.h"
#include "format/step_codec.h"

#define MESSAGE_BLOCK_STRINGS_MAX 4096
#define MESSAGE_BLOCK_RULES_MAX   4096
#define MESSAGE_BLOCK_BODY_MAX    200000     /* upper bound for the bodies that the writer makes */
#define MESSAGE_BLOCK_PATCHED_MAX (16 << 20) /* bytes of patched payloads, over all messages of a block */
#define MESSAGE_PAYLOAD_MAX       65535
#define MESSAGE_LENGTH_MAX                                                                                   \
    131072 /* bytes of all attributes; the kernel's messages have up to about 70000                          \
            */

/* What messages with the same prefix mean, written once per block. Of `step.context` only the interface names
 * are used: the rest is in the messages themselves. */
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
    /* The rest is private. Fields that were read while looking for what precedes them: */
    bool has_packet_field, has_message_field;
    struct wire_field packet_field, message_field;
    /* The packet being read, and whether its first message was. */
    struct wire_reader packet;
    bool packet_begun;
    /* Decoding state: the first message of the packet (until that is read, of the packet before), and the
     * last message. Attributes that are not stored as such in the body are rebuilt in the buffers. */
    struct message first, last;
    uint8_t first_numbers[24], last_numbers[24];
    uint8_t *first_payload, *last_payload; /* MESSAGE_PAYLOAD_MAX bytes each */
    size_t patched;                        /* payload bytes patched so far */
};

/* Reads a body up to its first packet. Memory comes from `allocate` (never null; released by its owner when
 * the reader is no longer used): at most about 3 MiB. False if the body is damaged. */
bool message_block_begin(struct message_block_reader *reader, struct bytes body, format_allocate_fn *allocate,
                         void *user);

/* Goes to the next packet; false after the last and on damage (`reader->reader.bad`). Messages of the packet
 * before may be left unread. `ret_body` may be null. The messages of one packet may be spread over several
 * blocks. */
bool message_block_next_packet(struct message_block_reader *reader, uint32_t *ret_packet,
                               struct bytes *ret_body);

/* The next message of the packet; false after its last and on damage. `*ret_message` is valid until the next
 * call. `*ret_rule` is null if the message refers to no rule. `ret_body` may be null. */
bool message_block_next(struct message_block_reader *reader, const struct message **ret_message,
                        const struct block_rule **ret_rule, struct bytes *ret_body);

/* Collects the messages of a block. Opaque, because of its tables. */
struct message_block_writer;

struct message_block_writer *message_block_writer_new(uint32_t capture_id, struct bytes netns);
void message_block_writer_free(struct message_block_writer *writer);

/* Begins a packet: `packet` is its number within the capture. */
void message_block_writer_packet(struct message_block_writer *writer, uint32_t packet);

/* Adds a message of that packet, with its meaning; `step` may be null. The bytes of its attributes must stay
 * valid until the packet's next message has been added. If the block is full, adds nothing and returns false:
 * write the block out, then add the message again (the packet continues in the new block). A message longer
 * than MESSAGE_LENGTH_MAX, which no source hands on, is left out. A step is kept only if the message has a
 * prefix of at most STEP_NAME_MAX bytes. */
bool message_block_writer_add(struct message_block_writer *writer, const struct message *message,
                              const struct step *step);

/* The number of bytes that message_block_writer_finish() would append now; 0 if the block holds no
 * message. */
size_t message_block_writer_length(const struct message_block_writer *writer);

/* Appends envelope and body to `out` (nothing if the block holds no message) and begins a new, empty
 * block. */
void message_block_writer_finish(struct message_block_writer *writer, struct wire_writer *out);

#endif
