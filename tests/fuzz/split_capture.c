/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Makes inputs for the fuzzers of a capture of ours: split_capture CAPTURE DIRECTORY writes the bodies to
 * DIRECTORY/path_record, message_block, ruleset_block, ruleset (their text), nflog_message and dissect_body. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "format/ruleset_block.h"

static const char *directory;
static const char *stem;
static unsigned count;

static void put(const char *kind, struct bytes prefix, struct bytes body)
{
    g_autofree char *folder = g_strdup_printf("%s/%s", directory, kind);
    g_autofree char *path = g_strdup_printf("%s/%s-%03u", folder, stem, count++);
    mkdir(folder, 0777);
    FILE *file = fopen(path, "wb");
    if (!file)
        return;
    fwrite(prefix.data, 1, prefix.length, file);
    fwrite(body.data, 1, body.length, file);
    fclose(file);
}

static void *allocate(void *user, size_t size)
{
    void *memory = g_malloc(size);
    g_ptr_array_add(user, memory);
    return memory;
}

/* As a datagram of the kernel's. */
static void put_message(const struct message *message)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    const uint8_t head[20] = {0, 0, 0, 0, 0, 4, [16] = message->family};
    g_byte_array_append(out, head, sizeof head);
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        if (!message_has(message, type))
            continue;
        struct bytes value = message->attribute[type];
        const uint16_t attribute[] = {(uint16_t)(value.length + 4), (uint16_t)type};
        g_byte_array_append(out, (const guint8 *)attribute, sizeof attribute);
        g_byte_array_append(out, value.data, (guint)value.length);
        g_byte_array_append(out, (const guint8[4]){0}, (guint)(-value.length & 3));
    }
    uint32_t length = out->len;
    memcpy(out->data, &length, sizeof length);
    put("nflog_message", BYTES(""), (struct bytes){out->data, out->len});
}

static void split_messages(struct bytes body)
{
    g_autoptr(GPtrArray) memory = g_ptr_array_new_with_free_func(g_free);
    g_autofree struct message_block_reader *reader = g_new0(struct message_block_reader, 1);
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    unsigned kept = 0;
    if (!message_block_begin(reader, body, allocate, memory))
        return;
    while (message_block_next_packet(reader, &packet, NULL))
        while (message_block_next(reader, &message, &rule, NULL))
            if (kept++ % 4 == 0)
                put_message(message);
}

static void split(struct bytes bytes)
{
    static const char *const names[] = {NULL, "path_record", "message_block", "ruleset_block"};
    unsigned version, kind;
    struct bytes body;
    if (envelope_open(bytes, &version, &kind, &body) != ENVELOPE_OK || kind < 1 || kind > 3)
        return;
    const uint8_t first = (uint8_t)kind;
    put(names[kind], BYTES(""), body);
    put("dissect_body", (struct bytes){&first, 1}, body);
    struct ruleset_part part;
    if (kind == ENVELOPE_RULESET && ruleset_part_read(body, &part))
        put("ruleset", BYTES(""), part.text);
    if (kind == ENVELOPE_MESSAGES)
        split_messages(body);
}

static uint32_t load32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static void split_packet(const char *block, uint32_t length)
{
    for (uint32_t at = 28 + ((load32(block + 20) + 3) & ~3u); at + 8 <= length - 4;) {
        uint16_t code, size;
        memcpy(&code, block + at, 2);
        memcpy(&size, block + at + 2, 2);
        if (code == PCAPNG_OPTION_CUSTOM_BINARY && size > 4)
            split((struct bytes){(const uint8_t *)block + at + 8, size - 4u});
        at += 4 + ((size + 3u) & ~3u);
    }
}

int main(int argc, char **argv)
{
    char *data;
    gsize length;
    if (argc != 3 || !g_file_get_contents(argv[1], &data, &length, NULL))
        return 1;
    g_autofree char *name = g_path_get_basename(argv[1]);
    *strchrnul(name, '.') = '\0';
    stem = name;
    directory = argv[2];
    for (gsize at = 0; at + 12 <= length;) {
        uint32_t type = load32(data + at), size = load32(data + at + 4);
        if (size < 12 || at + size > length)
            return 1;
        if (type == PCAPNG_CUSTOM_BLOCK)
            split((struct bytes){(const uint8_t *)data + at + 12, size - 16});
        if (type == 6)
            split_packet(data + at, size);
        at += size;
    }
    g_free(data);
    return 0;
}
