/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A message block's body: what was read is written again, and then reads the same to the byte. */
#include "tests/fuzz/fuzz.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message_block.h"

static void *allocate(void *user, size_t size)
{
    void *memory = g_malloc(size);
    g_ptr_array_add(user, memory);
    return memory;
}

static bool next(struct message_block_reader *reader, const struct message **message)
{
    const struct block_rule *rule;
    uint32_t packet;
    while (!message_block_next(reader, message, &rule, NULL))
        if (!message_block_next_packet(reader, &packet, NULL))
            return false;
    return true;
}

static void check_equal(const struct message *a, const struct message *b)
{
    if (a->present != b->present || a->family != b->family || a->number != b->number)
        abort();
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (message_has(a, type) && !bytes_equal(a->attribute[type], b->attribute[type]))
            abort();
}

/* Writes what `body` holds as far as one block takes it, in `out`. Returns the number of messages. */
static size_t copy(struct bytes body, struct wire_writer *out, GPtrArray *memory)
{
    struct message_block_reader *reader = g_new0(struct message_block_reader, 1);
    static struct message_block_writer *writer; /* one for all: it is large, and each block begins anew */
    const struct message *message;
    const struct block_rule *rule;
    struct message kept[2];
    uint32_t packet;
    size_t count = 0, bytes = 0;
    bool full = false;
    if (!writer)
        writer = message_block_writer_new(1, (struct bytes){0});
    if (message_block_begin(reader, body, allocate, memory)) {
        while (!full && message_block_next_packet(reader, &packet, NULL)) {
            message_block_writer_packet(writer, packet);
            while (!full && message_block_next(reader, &message, &rule, NULL)) {
                struct message *copied = &kept[count % 2];
                *copied = *message;
                for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
                    bytes += message->attribute[type].length;
                    copied->attribute[type].data =
                        bytes < (1 << 20) && message->attribute[type].length > 0
                            ? memcpy(allocate(memory, message->attribute[type].length),
                                     message->attribute[type].data, message->attribute[type].length)
                            : message->attribute[type].data;
                }
                full = bytes >= (1 << 20) ||
                       !message_block_writer_add(writer, copied, rule ? &rule->step : NULL);
                count += !full;
            }
        }
    }
    message_block_writer_finish(writer, out);
    g_free(reader);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) memory = g_ptr_array_new_with_free_func(g_free);
    struct wire_writer out = {0};
    unsigned version, kind;
    struct bytes body, copied;
    body = (struct bytes){data, size};
    size_t count = copy(body, &out, memory);
    if (count > 0 && out.length > 0) {
        struct message_block_reader *a = allocate(memory, sizeof *a), *b = allocate(memory, sizeof *b);
        const struct message *first, *second;
        memset(a, 0, sizeof *a);
        memset(b, 0, sizeof *b);
        if (envelope_open((struct bytes){out.data, out.length}, &version, &kind, &copied) != ENVELOPE_OK ||
            !message_block_begin(a, body, allocate, memory) ||
            !message_block_begin(b, copied, allocate, memory))
            abort();
        for (size_t i = 0; i < count && next(b, &second); i++)
            if (!next(a, &first))
                abort();
            else if (message_has(first, MESSAGE_PAYLOAD) &&
                     first->attribute[MESSAGE_PAYLOAD].length > MESSAGE_PAYLOAD_MAX)
                break;
            else
                check_equal(first, second);
        if (b->reader.bad)
            abort();
    }
    wire_writer_done(&out);
    return 0;
}
