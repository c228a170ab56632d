/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Are all messages of a packet that packet's? check_unmixed FILE: a capture with message blocks of the
 * datagrams that `traffic` sends, each with an id in its payload.
 *
 * Says `packets P messages M mixed X`: packets of the file, messages of its blocks, and packets whose
 * messages do not all bear its id; then a line `ID COUNT` for each id with the number of packets that bear
 * it. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message_block.h"

#define NO_ID UINT64_MAX

struct check {
    GHashTable *id_of_number; /* packet number -> guint64 id */
    GHashTable *packets_of;   /* guint64 id -> how many packets */
    uint64_t packets, messages, mixed;
};

static uint32_t number_at(const uint8_t *at)
{
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint64_t id_in(const uint8_t *data, size_t length)
{
    const uint8_t *mark = memmem(data, length, "iptrace:", 8);
    if (!mark || mark + 16 > data + length)
        return NO_ID;
    uint64_t id = 0;
    for (unsigned i = 8; i < 16; i++)
        id = id << 8 | mark[i];
    return id;
}

static guint64 *boxed(uint64_t id)
{
    guint64 *box = g_new(guint64, 1);
    *box = id;
    return box;
}

static void take_packet(struct check *check, const uint8_t *block, size_t length)
{
    size_t captured = number_at(block + 20);
    uint64_t id = id_in(block + 28, captured);
    size_t at = 28 + ((captured + 3) & ~(size_t)3);
    while (at + 4 <= length - 4) {
        unsigned code = number_at(block + at) & 0xffff, size = number_at(block + at) >> 16;
        if (code == 0)
            break;
        if (code == 5) /* epb_packetid; its lower half is the number within the capture */
            g_hash_table_insert(check->id_of_number, GUINT_TO_POINTER(number_at(block + at + 4)), boxed(id));
        at += 4 + ((size + 3) & ~3u);
    }
    gpointer count = g_hash_table_lookup(check->packets_of, &id);
    g_hash_table_insert(check->packets_of, boxed(id), GUINT_TO_POINTER(GPOINTER_TO_UINT(count) + 1));
    check->packets++;
}

static void *allocate(void *user, size_t size)
{
    GPtrArray *memory = user;
    void *block = g_malloc0(size);
    g_ptr_array_add(memory, block);
    return block;
}

static void take_messages(struct check *check, struct bytes body)
{
    g_autoptr(GPtrArray) memory = g_ptr_array_new_with_free_func(g_free);
    g_autofree struct message_block_reader *reader = g_new0(struct message_block_reader, 1);
    uint32_t number;
    struct bytes packet_body;
    if (!message_block_begin(reader, body, allocate, memory))
        return;
    while (message_block_next_packet(reader, &number, &packet_body)) {
        const struct message *message;
        const struct block_rule *rule;
        struct bytes message_body;
        const guint64 *id = g_hash_table_lookup(check->id_of_number, GUINT_TO_POINTER(number));
        bool mixed = !id;
        while (message_block_next(reader, &message, &rule, &message_body)) {
            struct bytes payload = message->attribute[MESSAGE_PAYLOAD];
            mixed = mixed || id_in(payload.data, payload.length) != *id;
            check->messages++;
        }
        check->mixed += mixed;
    }
    if (reader->reader.bad)
        check->mixed++;
}

int main(int argc, char **argv)
{
    struct check check = {
        .id_of_number = g_hash_table_new_full(NULL, NULL, NULL, g_free),
        .packets_of = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
    };
    g_autofree char *file = NULL;
    gsize size;
    if (argc != 2 || !g_file_get_contents(argv[1], &file, &size, NULL)) {
        fputs("usage: check_unmixed FILE\n", stderr);
        return 2;
    }
    /* Packets stand before the blocks that tell of them, but need not. */
    for (unsigned pass = 0; pass < 2; pass++) {
        for (size_t at = 0; at + 12 <= size;) {
            const uint8_t *block = (const uint8_t *)file + at;
            uint32_t type = number_at(block), length = number_at(block + 4);
            if (length < 12 || length > size - at)
                return 1;
            unsigned version, kind;
            struct bytes body;
            if (pass == 0 && type == 6)
                take_packet(&check, block, length);
            else if (pass == 1 && type == PCAPNG_CUSTOM_BLOCK &&
                     envelope_open((struct bytes){block + 12, length - 16}, &version, &kind, &body) ==
                         ENVELOPE_OK &&
                     kind == ENVELOPE_MESSAGES)
                take_messages(&check, body);
            at += length;
        }
    }
    printf("packets %" G_GUINT64_FORMAT " messages %" G_GUINT64_FORMAT " mixed %" G_GUINT64_FORMAT "\n",
           check.packets, check.messages, check.mixed);
    GHashTableIter iter;
    gpointer id, count;
    g_hash_table_iter_init(&iter, check.packets_of);
    while (g_hash_table_iter_next(&iter, &id, &count))
        printf("%" G_GUINT64_FORMAT " %u\n", *(guint64 *)id, GPOINTER_TO_UINT(count));
    g_hash_table_destroy(check.id_of_number);
    g_hash_table_destroy(check.packets_of);
    return 0;
}
