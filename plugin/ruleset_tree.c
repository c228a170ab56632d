/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The row of a ruleset block. */
#include "plugin/ruleset_tree.h"

#include "plugin/fields.h"
#include "plugin/rulesets.h"
#include "plugin/taps.h"
#include "plugin/text.h"

struct listing {
    wmem_allocator_t *pool;
    tvbuff_t *tvb;
    const uint8_t *base; /* the first byte of `tvb` */
    proto_tree *tree;
    wmem_map_t *chains; /* name to struct chain_item */
};

struct chain_item {
    proto_item *item;
    proto_tree *tree;
    uint32_t rules;
};

static int offset_of(const struct listing *listing, struct bytes bytes)
{
    return bytes.length > 0 ? (int)(bytes.data - listing->base) : 0;
}

static proto_item *add_string(const struct listing *listing, proto_tree *tree, int field, struct bytes bytes)
{
    return text_add(listing->pool, tree, field, listing->tvb, offset_of(listing, bytes), (int)bytes.length,
                    bytes);
}

static struct chain_item *add_chain(const struct listing *listing, const struct ruleset_line *line)
{
    struct chain_item *chain = wmem_new0(listing->pool, struct chain_item);
    const char *name = text_value(listing->pool, line->chain);
    bool policy = line->policy.length > 0 && line->policy.data[0] != '-';
    chain->item = proto_tree_add_string_format(
        listing->tree, hf_block_chain, listing->tvb, offset_of(listing, line->text), (int)line->text.length,
        name, "Chain %s%s%s", text_line(listing->pool, line->chain), policy ? ", policy " : "",
        policy ? text_line(listing->pool, line->policy) : "");
    chain->tree = proto_item_add_subtree(chain->item, ett_chain);
    if (policy)
        add_string(listing, chain->tree, hf_block_policy, line->policy);
    wmem_map_insert(listing->chains, name, chain);
    return chain;
}

/* A part that is not the first goes on in a chain whose line stands in an earlier one. */
static struct chain_item *find_chain(const struct listing *listing, const struct ruleset_line *line)
{
    const char *name = text_value(listing->pool, line->chain);
    struct chain_item *chain = (struct chain_item *)wmem_map_lookup(listing->chains, name);
    return chain ? chain
                 : add_chain(listing, &(struct ruleset_line){.text = line->text, .chain = line->chain});
}

static void add_rule(const struct listing *listing, const struct ruleset_line *line)
{
    struct chain_item *chain = find_chain(listing, line);
    chain->rules++;
    proto_tree_add_string_format(chain->tree, hf_block_rule, listing->tvb, offset_of(listing, line->text),
                                 (int)line->text.length, text_value(listing->pool, line->text), "%u  %s",
                                 line->number, text_line(listing->pool, line->text));
}

static void append_count(void *name, void *value, void *user)
{
    const struct chain_item *chain = (const struct chain_item *)value;
    (void)name;
    (void)user;
    proto_item_append_text(chain->item, " (%u rule%s)", chain->rules, chain->rules == 1 ? "" : "s");
}

/* Returns the number of rules; the tree is made only where somebody looks. */
static uint32_t add_lines(struct listing *listing, packet_info *pinfo, const struct ruleset_part *part,
                          bool sound, bool shown)
{
    struct ruleset_cursor cursor = {0};
    if (sound) {
        const struct ruleset_kept *kept = rulesets_keep(pinfo, part);
        taps_queue_ruleset(pinfo, kept);
        cursor = kept->begin;
    }
    struct ruleset_line line;
    uint32_t rules = 0;
    cursor.rest = part->text; /* here it lies in the block, so that it can be highlighted */
    while (ruleset_next_line(&cursor, &line)) {
        rules += line.kind == RULESET_LINE_RULE;
        if (shown && line.kind == RULESET_LINE_CHAIN)
            add_chain(listing, &line);
        else if (shown && line.kind == RULESET_LINE_RULE)
            add_rule(listing, &line);
    }
    wmem_map_foreach(listing->chains, append_count, NULL);
    return rules;
}

static void add_own_rules(const struct listing *listing, const struct ruleset_part *part)
{
    struct wire_reader reader = wire_reader_of(part->body);
    struct ruleset_own own;
    while (ruleset_part_next_own(&reader, &own))
        proto_tree_add_uint_format(listing->tree, hf_block_own, listing->tvb, offset_of(listing, own.chain),
                                   (int)own.chain.length, own.number,
                                   "TRACE rule of the recording in chain %s, the kernel's number %u "
                                   "(neither listed nor counted)",
                                   text_line(listing->pool, own.chain), own.number);
}

static void add_head(const struct listing *listing, const struct ruleset_part *part)
{
    proto_tree *tree = listing->tree;
    tvbuff_t *tvb = listing->tvb;
    add_string(listing, tree, hf_block_table, part->table);
    proto_tree_add_uint_format_value(tree, hf_block_family, tvb, 0, 0, part->family, "IPv%u", part->family);
    if (part->netns.length > 0)
        add_string(listing, tree, hf_block_netns, part->netns);
    proto_tree_add_uint(tree, hf_block_generation, tvb, 0, 0, part->generation);
    nstime_t time = {(time_t)(part->time_ns / 1000000000), (int)(part->time_ns % 1000000000)};
    proto_tree_add_time(tree, hf_block_time, tvb, 0, 0, &time);
    if (part->parts > 1) {
        proto_tree_add_uint(tree, hf_block_part, tvb, 0, 0, part->part + 1);
        proto_tree_add_uint(tree, hf_block_parts, tvb, 0, 0, part->parts);
    }
}

/* What stands below the chains. */
static void add_foot(const struct listing *listing, const struct ruleset_part *part, uint32_t rules,
                     bool sound)
{
    proto_tree *tree = listing->tree;
    proto_tree_add_uint(tree, hf_block_rules, listing->tvb, 0, 0, rules);
    if (sound)
        add_own_rules(listing, part);
    if (part->text.length > 0) {
        proto_item *text = add_string(listing, tree, hf_block_text, part->text);
        proto_item_set_text(text, "Input for iptables-restore (%zu bytes)", part->text.length);
    }
    proto_tree_add_uint(tree, hf_block_ruleset, listing->tvb, 0, 0, part->ruleset);
    proto_tree_add_uint(tree, hf_block_capture_id, listing->tvb, 0, 0, part->capture_id);
}

const char *ruleset_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, proto_item *item,
                                 struct bytes body)
{
    struct ruleset_part part;
    bool sound = ruleset_part_read(body, &part);
    bool shown = proto_field_is_referenced(tree, proto_block);
    struct listing listing = {
        .pool = pinfo->pool,
        .tvb = tvb,
        .base = tvb_get_ptr(tvb, 0, -1),
        .tree = tree,
        .chains = wmem_map_new(pinfo->pool, g_str_hash, g_str_equal),
    };
    if (shown)
        add_head(&listing, &part);
    uint32_t rules = add_lines(&listing, pinfo, &part, sound, shown);
    if (shown)
        add_foot(&listing, &part, rules, sound);
    if (!sound)
        expert_add_info(pinfo, item, &ei_block_damaged);
    const char *of_parts =
        part.parts > 1 ? wmem_strdup_printf(pinfo->pool, ", part %u of %u", part.part + 1, part.parts) : "";
    return wmem_strdup_printf(pinfo->pool, "Rules of %s (IPv%u), generation %u%s: %u rule%s",
                              text_line(pinfo->pool, part.table), part.family, part.generation, of_parts,
                              rules, rules == 1 ? "" : "s");
}
