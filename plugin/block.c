/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The rows of Custom Blocks. */
#include "plugin/block.h"

#include <string.h>

#include "format/envelope.h"
#include "format/ruleset_block.h"
#include "plugin/fields.h"
#include "plugin/messages_tree.h"
#include "plugin/preferences.h"
#include "plugin/rows.h"
#include "plugin/ruleset_tree.h"

/* The last row that had a time, while the file is read for the first time; its number is 0 before there is
 * one. */
static struct {
    nstime_t time;
    uint32_t number, reference;
} last_row;

static void forget_row(void)
{
    last_row.number = 0;
}

/* When what stands in the block took place; 0 where nothing says it. */
static uint64_t own_time_ns(tvbuff_t *tvb, wmem_allocator_t *pool)
{
    size_t length = tvb_captured_length(tvb);
    struct bytes body;
    struct ruleset_part part;
    unsigned version, kind;
    if (length == 0 || envelope_open((struct bytes){tvb_get_ptr(tvb, 0, (int)length), length}, &version,
                                     &kind, &body) != ENVELOPE_OK)
        return 0;
    if (kind == ENVELOPE_RULESET)
        return ruleset_part_read(body, &part) ? part.time_ns : 0;
    return kind == ENVELOPE_MESSAGES ? messages_tree_time_ns(pool, body) : 0;
}

/* A file that was sorted or cut may begin with Custom Blocks: the first has only its own time. */
static void give_time(tvbuff_t *tvb, packet_info *pinfo)
{
    frame_data *frame = pinfo->fd;
    uint64_t own_ns = last_row.number == 0 ? own_time_ns(tvb, pinfo->pool) : 0;
    if (last_row.number == 0 && own_ns == 0)
        return;
    if (last_row.number > 0) {
        frame->abs_ts = last_row.time;
        frame->frame_ref_num = last_row.reference;
    } else {
        frame->abs_ts = (nstime_t){(time_t)(own_ns / 1000000000), (int)(own_ns % 1000000000)};
        compat_set_reference_time(pinfo);
    }
    frame->has_ts = 1;
    pinfo->abs_ts = frame->abs_ts;
    pinfo->presence_flags |= PINFO_HAS_TS;
}

void block_note_time(tvbuff_t *tvb, packet_info *pinfo)
{
    frame_data *frame = pinfo->fd;
    if (frame->visited)
        return;
    if (!frame->has_ts && compat_is_custom_block(pinfo, preferences_accept))
        give_time(tvb, pinfo);
    if (frame->has_ts) {
        last_row.time = frame->abs_ts;
        last_row.number = pinfo->num;
        last_row.reference = frame->frame_ref_num > 0 ? frame->frame_ref_num : pinfo->num;
    }
}

/* Where Wireshark does not know whose block it is, it shows the bytes as data: they are told of below. */
static void hide_data(proto_tree *tree)
{
    for (proto_node *node = tree->first_child; node; node = node->next)
        if (node->finfo && strcmp(node->finfo->hfinfo->abbrev, "data") == 0)
            proto_item_set_hidden(node);
}

static const char *dissect_body(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item,
                                unsigned kind, struct bytes body)
{
    switch (kind) {
    case ENVELOPE_MESSAGES:
        return messages_tree_dissect(tvb, pinfo, tree, item, body);
    case ENVELOPE_RULESET:
        return ruleset_tree_dissect(tvb, pinfo, tree, item, body);
    }
    proto_tree_add_bytes(tree, hf_block_data, tvb, IPTRACE_ENVELOPE_LENGTH, (int)body.length, body.data);
    expert_add_info(pinfo, item, &ei_block_version);
    return wmem_strdup_printf(pinfo->pool, "Block of kind %u (unknown to this plugin)", kind);
}

int block_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    size_t length = tvb_captured_length(tvb);
    struct bytes bytes = {length > 0 ? tvb_get_ptr(tvb, 0, (int)length) : NULL, length};
    struct bytes body = {0};
    unsigned version = 0, kind = 0;
    enum envelope_status status = envelope_open(bytes, &version, &kind, &body);
    if (status == ENVELOPE_FOREIGN)
        return 0;

    rows_begin(pinfo);
    pinfo->current_proto = "iptrace";
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "iptrace");
    if (tree)
        hide_data(tree);
    proto_item *item = proto_tree_add_item(tree, proto_block, tvb, 0, -1, ENC_NA);
    proto_tree *block_tree = proto_item_add_subtree(item, ett_block);
    const char *info;
    if (status == ENVELOPE_OK) {
        info = dissect_body(tvb, pinfo, block_tree, item, kind, body);
        proto_tree_add_uint(block_tree, hf_block_kind, tvb, 5, 1, kind);
    } else {
        info = wmem_strdup_printf(pinfo->pool, "Block of version %u (this plugin reads version %u)", version,
                                  IPTRACE_FORMAT_VERSION);
        expert_add_info(pinfo, item, &ei_block_version);
    }
    proto_tree_add_uint(block_tree, hf_block_version, tvb, 4, 1, version);
    proto_item_set_text(item, "iptables trace block: %s", info);
    col_add_str(pinfo->cinfo, COL_INFO, info);
    return (int)length;
}

void block_register(void)
{
    register_init_routine(forget_row);
}

void block_register_handoff(void)
{
    preferences_register_handoff(create_dissector_handle(block_dissect, proto_block));
}
