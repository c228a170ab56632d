/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The row of a message block. */
#include "plugin/messages_tree.h"

#include "format/message_block.h"
#include "plugin/attributes_tree.h"
#include "plugin/fields.h"
#include "plugin/links.h"
#include "plugin/packet_text.h"
#include "plugin/text.h"

/* The number of messages shown per block. The recorder's blocks hold fewer; Wireshark gives up at a million
 * items. */
#define MESSAGES_SHOWN_MAX 30000

/* Likewise, of the texts and attributes of all of them: messages may share one that the block has once. */
#define TEXTS_SHOWN_MAX (16 << 20)

struct walk {
    packet_info *pinfo;
    tvbuff_t *tvb;
    const uint8_t *base; /* the first byte of `tvb` */
    proto_tree *tree;    /* null where nobody looks */
    uint32_t messages, packets;
    size_t texts;
    bool more; /* than is shown */
};

static void *allocate(void *user, size_t size)
{
    return wmem_alloc((wmem_allocator_t *)user, size);
}

static int offset_of(const struct walk *walk, struct bytes bytes)
{
    return bytes.length > 0 ? (int)(bytes.data - walk->base) : 0;
}

static void add_message(const struct walk *walk, proto_tree *tree, const struct message *message,
                        const struct block_rule *rule, struct bytes body)
{
    wmem_allocator_t *pool = walk->pinfo->pool;
    struct bytes prefix = message_get_prefix(message);
    const char *text = rule ? text_line(pool, rule->step.rule) : "";
    const char *shown = wmem_strdup_printf(pool, "%s%s", text_line(pool, prefix), text);
    int at = offset_of(walk, body), length = (int)body.length;
    proto_item *item =
        proto_tree_add_string_format(tree, hf_block_message, walk->tvb, at, length, shown, "%s", shown);
    proto_tree *message_tree = proto_item_add_subtree(item, ett_message);
    struct attributes_place place = {
        .pool = pool, .tvb = walk->tvb, .tree = message_tree, .at = at, .body = body};
    proto_tree_add_uint64(message_tree, hf_block_number, walk->tvb, at, length, message->number);
    text_add(pool, message_tree, hf_block_prefix, walk->tvb, at, length, prefix);
    if (rule) {
        const char *step = text_step(pool, &rule->step);
        text_add(pool, message_tree, hf_block_step, walk->tvb, at, length,
                 (struct bytes){(const uint8_t *)step, strlen(step)});
    }
    attributes_tree_add(&place, message, rule ? &rule->step.context : NULL);
}

/* What showing it copies. Of the payload only the head is shown. */
static size_t texts_of(const struct message *message, const struct block_rule *rule)
{
    size_t texts = rule ? step_strings_length(&rule->step) : 0;
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (type != MESSAGE_PAYLOAD && message_has(message, type))
            texts += message->attribute[type].length;
    return texts;
}

static void add_link(const struct walk *walk, proto_tree *tree, uint64_t id)
{
    uint32_t frame = links_find(walk->pinfo, LINK_PACKET, id);
    if (frame > 0)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_block_packet_in, walk->tvb, 0, 0, frame));
}

/* All messages of one packet; the line says what the packet was, as its first message shows it. */
static void add_packet(struct walk *walk, struct message_block_reader *reader, uint32_t number,
                       struct bytes packet_body)
{
    const struct message *message;
    const struct block_rule *rule;
    struct bytes body;
    uint32_t count = 0;
    proto_item *item = NULL;
    proto_tree *tree = NULL;
    uint64_t id = (uint64_t)reader->capture_id << 32 | number;
    links_note(walk->pinfo, LINK_MESSAGES, id);
    while (message_block_next(reader, &message, &rule, &body)) {
        count++;
        if (!walk->tree || walk->more)
            continue;
        walk->texts += texts_of(message, rule);
        walk->more = walk->messages + count > MESSAGES_SHOWN_MAX || walk->texts > TEXTS_SHOWN_MAX;
        if (walk->more)
            continue;
        if (!item) {
            struct bytes packet = message->attribute[MESSAGE_PAYLOAD];
            item = proto_tree_add_uint64_format(walk->tree, hf_block_packet_id, walk->tvb,
                                                offset_of(walk, packet_body), (int)packet_body.length, id,
                                                "Packet %u: %s", number,
                                                packet_text_line(walk->pinfo->pool, packet));
            tree = proto_item_add_subtree(item, ett_packet);
            add_link(walk, tree, id);
        }
        add_message(walk, tree, message, rule, body);
    }
    if (item)
        proto_item_append_text(item, " (%u message%s)", count, count == 1 ? "" : "s");
    walk->messages += count;
    walk->packets++;
}

uint64_t messages_tree_time_ns(wmem_allocator_t *pool, struct bytes body)
{
    struct message_block_reader *reader = wmem_new(pool, struct message_block_reader);
    const struct message *message;
    const struct block_rule *rule;
    uint32_t number;
    uint64_t time_us = 0;
    if (message_block_begin(reader, body, allocate, pool) &&
        message_block_next_packet(reader, &number, NULL) && message_block_next(reader, &message, &rule, NULL))
        message_get_time_us(message, &time_us);
    return time_us * 1000;
}

const char *messages_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item,
                                  struct bytes body)
{
    bool shown = proto_field_is_referenced(tree, proto_block);
    if (!shown && pinfo->fd->visited && !col_get_writable(pinfo->cinfo, COL_INFO))
        return "TRACE messages";
    struct walk walk = {
        .pinfo = pinfo, .tvb = tvb, .base = tvb_get_ptr(tvb, 0, -1), .tree = shown ? tree : NULL};
    struct message_block_reader *reader = wmem_new(pinfo->pool, struct message_block_reader);
    uint32_t number;
    struct bytes packet_body;
    if (message_block_begin(reader, body, allocate, pinfo->pool)) {
        if (shown && reader->netns.length > 0)
            text_add(pinfo->pool, tree, hf_block_netns, tvb, offset_of(&walk, reader->netns),
                     (int)reader->netns.length, reader->netns);
        while (message_block_next_packet(reader, &number, &packet_body))
            add_packet(&walk, reader, number, packet_body);
    }
    if (shown) {
        proto_tree_add_uint(tree, hf_block_packets, tvb, 0, 0, walk.packets);
        proto_tree_add_uint(tree, hf_block_messages, tvb, 0, 0, walk.messages);
        proto_tree_add_uint(tree, hf_block_capture_id, tvb, 0, 0, reader->capture_id);
    }
    if (walk.more)
        expert_add_info(pinfo, item, &ei_block_more);
    if (reader->reader.bad)
        expert_add_info(pinfo, item, &ei_block_damaged);
    return wmem_strdup_printf(pinfo->pool, "TRACE messages: %u about %u packet%s", walk.messages,
                              walk.packets, walk.packets == 1 ? "" : "s");
}
