/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's row. */
#include "plugin/path_tree.h"

#include <epan/ipproto.h>
#include <string.h>

#include "format/envelope.h"
#include "format/packet.h"
#include "format/rule_line.h"
#include "plugin/changes.h"
#include "plugin/fields.h"
#include "plugin/icmp_error.h"
#include "plugin/links.h"
#include "plugin/packet_path.h"
#include "plugin/path_experts.h"
#include "plugin/preferences.h"
#include "plugin/rows.h"
#include "plugin/rulesets.h"
#include "plugin/taps.h"
#include "plugin/text.h"

/* Everything that is added to one tree is added from here. */
struct builder {
    packet_info *pinfo;
    wmem_allocator_t *pool;
    proto_tree *tree;
    tvbuff_t *tvb;         /* the record's own bytes */
    enum ip_family family; /* of the packet */
    struct packet packet;  /* as it was at its first message */
    const struct packet_path *path;
    wmem_array_t *changes; /* of struct packet_change */
};

/* Bytes of the record that an item is made from. */
struct range {
    int at, length;
};

static struct range range_of(const struct builder *builder, struct bytes bytes)
{
    if (bytes.length == 0)
        return (struct range){0, 0};
    return (struct range){(int)(bytes.data - builder->path->record.data), (int)bytes.length};
}

static proto_item *add_string(const struct builder *builder, int field, struct range range, const char *value)
{
    return proto_tree_add_string(builder->tree, field, builder->tvb, range.at, range.length, value);
}

static bool is_in_record(const struct builder *builder, struct bytes bytes)
{
    uintptr_t at = (uintptr_t)bytes.data, record = (uintptr_t)builder->path->record.data;
    return bytes.length > 0 && at >= record && at - record < builder->path->record.length;
}

/* A string, highlighted where it stands in the record; one that does not stand there as a whole, in `range`. */
static proto_item *add_bytes(const struct builder *builder, int field, struct range range, struct bytes bytes)
{
    if (is_in_record(builder, bytes))
        range = range_of(builder, bytes);
    return text_add(builder->pool, builder->tree, field, builder->tvb, range.at, range.length, bytes);
}

static void add_present(const struct builder *builder, int field, struct range range, struct bytes bytes)
{
    if (bytes.length > 0)
        add_bytes(builder, field, range, bytes);
}

static void add_uint(const struct builder *builder, int field, struct range range, uint32_t value)
{
    proto_tree_add_uint(builder->tree, field, builder->tvb, range.at, range.length, value);
}

static void add_true(const struct builder *builder, int field, struct range range, bool value)
{
    if (value)
        proto_tree_add_boolean(builder->tree, field, builder->tvb, range.at, range.length, 1);
}

/* Every comment match of the rule: the first stands in the step, the others only in the rule's text. */
static void add_comments(const struct builder *builder, const struct step *step, struct range range)
{
    struct bytes rest = step->rule;
    size_t head = strlen("-A ") + step->chain.length;
    struct rule_word comment;
    add_present(builder, hf_comment, range, step->comment);
    if (step->type != STEP_RULE || rest.length < head)
        return;
    rest = (struct bytes){rest.data + head, rest.length - head};
    for (size_t i = 0; rule_line_next_comment(&rest, &comment); i++) {
        struct bytes text = comment.text;
        if (comment.escaped) {
            char *plain = (char *)wmem_alloc(builder->pool, text.length);
            text = (struct bytes){(const uint8_t *)plain, rule_line_unescape(text, plain)};
        }
        if (i > 0)
            add_present(builder, hf_comment, range, text);
    }
}

/* What another row is known for. */
static void add_link(const struct builder *builder, int field, uint32_t frame)
{
    if (frame > 0)
        proto_item_set_generated(proto_tree_add_uint(builder->tree, field, builder->tvb, 0, 0, frame));
}

/* The fields that stand on every step, in the order in which they make a table. */
static void add_step_fields(const struct builder *builder, const struct step *step, struct range range)
{
    const struct context *context = &step->context;
    proto_item_set_generated(add_string(builder, hf_family, range, ip_family_tables(builder->family)));
    add_bytes(builder, hf_table, range, step->table);
    add_bytes(builder, hf_chain, range, step->chain);
    add_string(builder, hf_type, range, text_name(builder->pool, step_type_name(step->type), step->type));
    add_uint(builder, hf_rulenum, range, step->rulenum);
    add_bytes(builder, hf_rule, range, step->rule);
    add_bytes(builder, hf_target, range, step->target);
    add_comments(builder, step, range);
    add_true(builder, hf_stale, range, step->stale);
    if (step->ruleset > 0) {
        uint32_t capture = (uint32_t)(builder->path->path.packet_id >> 32);
        add_uint(builder, hf_ruleset, range, step->ruleset);
        add_link(builder, hf_ruleset_in, rows_target(builder->pinfo, rulesets_row(capture, step->ruleset)));
    }
    if (context->has_hook)
        add_string(builder, hf_hook, range,
                   text_name(builder->pool, hook_name(context->hook), context->hook));
    add_present(builder, hf_in, range, context->in);
    add_present(builder, hf_out, range, context->out);
    add_present(builder, hf_physin, range, context->physin);
    add_present(builder, hf_physout, range, context->physout);
    if (context->has_mark)
        add_uint(builder, hf_mark, range, context->mark);
    if (context->has_uid)
        add_uint(builder, hf_uid, range, context->uid);
    if (context->has_gid)
        add_uint(builder, hf_gid, range, context->gid);
    if (step->has_time) {
        nstime_t time = {(time_t)(step->time_ns / 1000000000), (int)(step->time_ns % 1000000000)};
        proto_tree_add_time(builder->tree, hf_time, builder->tvb, range.at, range.length, &time);
    }
}

/* Interfaces, where they are not those of the step before: routing took place. */
static const char *interfaces(const struct builder *builder, const struct context *context,
                              const struct context *before)
{
    if (before && bytes_equal(context->in, before->in) && bytes_equal(context->out, before->out))
        return "";
    const char *in = text_line(builder->pool, context->in), *out = text_line(builder->pool, context->out);
    if (*in && *out)
        return wmem_strdup_printf(builder->pool, "  [in %s, out %s]", in, out);
    if (*in || *out)
        return wmem_strdup_printf(builder->pool, "  [%s %s]", *in ? "in" : "out", *in ? in : out);
    return "";
}

static void add_step(const struct builder *builder, const struct path_step *at,
                     const struct path_step *before)
{
    struct range range = range_of(builder, at->body);
    const char *line = text_step_line(builder->pool, &at->step);
    const char *added = interfaces(builder, &at->step.context, before ? &before->step.context : NULL);
    proto_item *item = proto_tree_add_string_format(
        builder->tree, hf_step, builder->tvb, range.at, range.length, text_step(builder->pool, &at->step),
        "%s%s%s", line, at->step.stale ? " (may be stale)" : "", added);
    struct builder inner = *builder;
    inner.tree = proto_item_add_subtree(item, ett_step);
    add_step_fields(&inner, &at->step, range);
}

static void add_address(const struct builder *builder, int field4, int field6, struct range range,
                        struct bytes address)
{
    if (address.length == 4) {
        uint32_t value;
        memcpy(&value, address.data, 4);
        proto_tree_add_ipv4(builder->tree, field4, builder->tvb, range.at, range.length, value);
    } else if (address.length == 16) {
        ws_in6_addr value;
        memcpy(&value, address.data, 16);
        proto_tree_add_ipv6(builder->tree, field6, builder->tvb, range.at, range.length, &value);
    }
}

/* The new values, each as a field. */
static void add_change_fields(const struct builder *builder, const struct packet_change *change,
                              struct range range)
{
    const struct change *new = &builder->path->steps[change->step].step.change;
    add_string(builder, hf_change_cause, range, change->cause);
    switch (change->kind) {
    case CHANGE_SOURCE:
        add_address(builder, hf_change_src, hf_change_src6, range, new->src);
        if (new->has_srcport)
            add_uint(builder, hf_change_srcport, range, new->srcport);
        break;
    case CHANGE_DESTINATION:
        add_address(builder, hf_change_dst, hf_change_dst6, range, new->dst);
        if (new->has_dstport)
            add_uint(builder, hf_change_dstport, range, new->dstport);
        break;
    case CHANGE_MARK:
        add_uint(builder, hf_change_mark, range, change->mark);
        break;
    case CHANGE_TTL:
        add_uint(builder, hf_change_ttl, range, new->ttl);
        break;
    case CHANGE_TOS:
        add_uint(builder, hf_change_tos, range, new->tos);
        break;
    case CHANGE_LENGTH:
        add_uint(builder, hf_change_length, range, new->length);
        break;
    }
}

/* A change stands between the steps that it took place between. */
static void add_changes(const struct builder *builder, uint32_t step)
{
    for (unsigned i = 0; i < wmem_array_get_count(builder->changes); i++) {
        const struct packet_change *change =
            (const struct packet_change *)wmem_array_index(builder->changes, i);
        if (change->step != step)
            continue;
        struct range range = range_of(builder, builder->path->steps[step].body);
        const char *text = wmem_strdup_printf(builder->pool, "%s %s", change->what, change->cause);
        proto_item *item = proto_tree_add_string_format(builder->tree, hf_change, builder->tvb, range.at,
                                                        range.length, text, "Change: %s", text);
        struct builder inner = *builder;
        inner.tree = proto_item_add_subtree(item, ett_change);
        add_change_fields(&inner, change, range);
    }
}

/* What is said of the packet as a whole stands in front of the first step. */
static struct range head_range(const struct builder *builder)
{
    const struct packet_path *path = builder->path;
    int end = path->count > 0 ? range_of(builder, path->steps[0].body).at : (int)path->record.length;
    return (struct range){0, end};
}

/* The verdict as fields, below a line of their own: the headline has told it. */
static void add_verdict_fields(const struct builder *builder)
{
    const struct path *path = &builder->path->path;
    const struct step *decided = builder->path->decided;
    struct range range = head_range(builder);
    struct builder inner = *builder;
    inner.tree = proto_item_add_subtree(
        add_string(builder, hf_verdict, range,
                   text_name(builder->pool, verdict_name(path->verdict), path->verdict)),
        ett_verdict);
    const char *reason = text_name(builder->pool, reason_name(path->reason), path->reason);
    const char *explained = text_reason_explained(path->reason);
    if (*reason) {
        proto_item *item = add_string(&inner, hf_reason, range, reason);
        if (explained)
            proto_item_append_text(item, " (%s)", explained);
    }
    if (!decided)
        return;
    range = range_of(builder, builder->path->steps[path->decided - 1].body);
    add_string(&inner, hf_verdict_by, range, text_step_short(builder->pool, decided));
    add_bytes(&inner, hf_verdict_table, range, decided->table);
    add_bytes(&inner, hf_verdict_chain, range, decided->chain);
    add_uint(&inner, hf_verdict_rulenum, range, decided->rulenum);
    add_bytes(&inner, hf_verdict_rule, range, decided->rule);
}

/* What only the technician asks for. */
static void add_record_fields(const struct builder *builder)
{
    const struct path *path = &builder->path->path;
    struct range range = head_range(builder);
    struct builder inner = *builder;
    inner.tree = proto_tree_add_subtree_format(builder->tree, builder->tvb, range.at, range.length,
                                               ett_record, NULL, "Recorded as packet %u of capture 0x%08x",
                                               (uint32_t)path->packet_id, (uint32_t)(path->packet_id >> 32));
    add_uint(&inner, hf_steps, range, path->steps);
    add_string(&inner, hf_backend, range,
               text_name(builder->pool, backend_name(path->backend), path->backend));
    proto_tree_add_uint64(inner.tree, hf_packet_id, builder->tvb, range.at, range.length, path->packet_id);
}

/* What is said of the packet as a whole; it stands below the steps, which tell the story. */
static void add_packet_fields(const struct builder *builder)
{
    const struct packet_path *packet = builder->path;
    const struct path *path = &packet->path;
    struct range range = head_range(builder);
    add_true(builder, hf_incomplete, range, path->incomplete);
    if (packet->lost > 0)
        proto_item_set_generated(
            proto_tree_add_uint64(builder->tree, hf_lost, builder->tvb, 0, 0, packet->lost));
    add_true(builder, hf_ambiguous, range, path->ambiguous);
    add_true(builder, hf_copy, range, path->copy);
    add_true(builder, hf_cut, range, path->cut);
    add_link(builder, hf_icmp_error, icmp_error_answering(builder->pinfo));
    add_link(builder, hf_icmp_error_for, icmp_error_answered(builder->pinfo));
    add_link(builder, hf_messages_in, links_find(builder->pinfo, LINK_MESSAGES, path->packet_id));
    add_present(builder, hf_netns, range, path->netns);
    add_verdict_fields(builder);
    add_record_fields(builder);
}

/* `DROP by filter INPUT rule 3: -A INPUT -j DROP`, `UNKNOWN, lost (…)`. */
static const char *summary(const struct builder *builder)
{
    const struct path *path = &builder->path->path;
    const struct step *decided = builder->path->decided;
    const char *verdict = text_verdict(builder->pool, path->verdict);
    if (builder->path->head_damaged)
        return "unreadable";
    if (decided)
        return wmem_strdup_printf(builder->pool, "%s by %s", verdict,
                                  text_step_decision(builder->pool, decided));
    const char *reason = reason_name(path->reason);
    const char *explained = text_reason_explained(path->reason);
    if (!reason)
        return wmem_strdup_printf(builder->pool, "%s, reason number %u", verdict, path->reason);
    if (!*reason)
        return verdict;
    return explained ? wmem_strdup_printf(builder->pool, "%s, %s (%s)", verdict, reason, explained)
                     : wmem_strdup_printf(builder->pool, "%s, %s", verdict, reason);
}

static const char *notes(const struct packet_path *packet)
{
    return packet->damaged           ? " (damaged)"
           : packet->path.incomplete ? " (incomplete)"
           : packet->path.ambiguous  ? " (ambiguous)"
                                     : "";
}

/* Right below the line of the frame; comments of the packet may stand above that. */
static void move_up(proto_tree *tree, proto_item *item)
{
    for (proto_node *node = tree->first_child; node && node != item; node = node->next) {
        if (!node->finfo || strcmp(node->finfo->hfinfo->abbrev, "frame") != 0)
            continue;
        if (node->next != item)
            proto_tree_move_item(tree, node, item);
        return;
    }
}

static void dissect_tree(struct builder *builder, proto_tree *parent)
{
    const struct packet_path *path = builder->path;
    int length = (int)path->record.length;
    builder->tvb = tvb_new_child_real_data(builder->tvb, path->record.data, length, length);
    if (proto_field_is_referenced(parent, proto_iptrace))
        add_new_data_source(builder->pinfo, builder->tvb, "iptables path");

    proto_item *item;
    if (!path->known) {
        item = proto_tree_add_protocol_format(
            parent, proto_iptrace, builder->tvb, 0, length,
            "iptables path: path record of version %u (this plugin reads version %u)", path->version,
            IPTRACE_FORMAT_VERSION);
        builder->tree = proto_item_add_subtree(item, ett_path);
        add_uint(builder, hf_version, (struct range){4, 1}, path->version);
        path_experts_add(builder->pinfo, item, path, NULL);
        move_up(parent, item);
        return;
    }
    bool visible = PTREE_DATA(parent)->visible; /* else nobody reads the line */
    item =
        proto_tree_add_protocol_format(parent, proto_iptrace, builder->tvb, 0, length, "iptables path: %s%s",
                                       visible ? summary(builder) : "", notes(path));
    builder->tree = proto_item_add_subtree(item, ett_path);
    bool steps = fields_steps_wanted(parent), changes = fields_changes_wanted(parent);
    for (uint32_t i = 0; (steps || changes) && i < path->count; i++) {
        if (changes)
            add_changes(builder, i);
        if (steps)
            add_step(builder, &path->steps[i], i > 0 ? &path->steps[i - 1] : NULL);
    }
    if (!path->head_damaged)
        add_packet_fields(builder);
    path_experts_add(builder->pinfo, item, path, builder->changes);
    move_up(parent, item);
}

/* Info begins with what a person who scrolls is looking for. */
static void prepend_info(const struct builder *builder)
{
    const struct packet_path *packet = builder->path;
    const struct path *path = &packet->path;
    if (!preferences_verdict_in_info() || !packet->known || packet->head_damaged ||
        path->verdict == VERDICT_ACCEPT || !col_get_writable(builder->pinfo->cinfo, COL_INFO))
        return;
    const char *verdict = text_verdict(builder->pool, path->verdict);
    const char *by = packet->decided ? text_step_short(builder->pool, packet->decided)
                                     : text_name(builder->pool, reason_name(path->reason), path->reason);
    col_prepend_fstr(builder->pinfo->cinfo, COL_INFO, "[%s%s%s] ", verdict, *by ? " " : "", by);
}

/* Most rows of a file are only counted or filtered: what nobody looks at is not decoded. */
static bool something_to_say(const struct packet_path *path)
{
    return !path->known || path->damaged || path->path.verdict != VERDICT_ACCEPT || path->path.incomplete;
}

/* Errors are noted when they are read for the first time, whoever looks. */
static bool is_icmp(const struct packet *packet)
{
    return packet->protocol == IP_PROTO_ICMP || packet->protocol == IP_PROTO_ICMPV6;
}

/* Most packets are accepted and only asked for their verdict. Links between rows need the steps of the
 * others, and what is to be seen needs all. */
static bool steps_wanted(proto_tree *tree, const struct packet_path *path)
{
    return path->path.verdict != VERDICT_ACCEPT || fields_decision_wanted(tree) ||
           fields_steps_wanted(tree) || fields_changes_wanted(tree);
}

void path_tree_dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    struct packet_path path;
    if (!packet_path_find(pinfo, &path))
        return;
    if (path.known && !path.head_damaged)
        links_note(pinfo, LINK_PACKET, path.path.packet_id);
    struct builder builder = {.pinfo = pinfo, .pool = pinfo->pool, .tvb = tvb, .path = &path};
    int length = (int)tvb_captured_length(tvb);
    struct bytes bytes = {tvb_get_ptr(tvb, 0, length), (size_t)length};
    builder.family = packet_family(bytes);
    packet_parse(bytes, &builder.packet);
    bool wanted = proto_field_is_referenced(tree, proto_iptrace) || is_icmp(&builder.packet);
    bool experts = path_experts_wanted(tree), tapped = taps_want_paths();
    if (!wanted && !experts && !tapped && !something_to_say(&path))
        return;
    packet_path_read(pinfo, &path, experts || tapped || steps_wanted(tree, &path));
    if (path.known && !path.head_damaged)
        icmp_error_note(pinfo, &path, &builder.packet);
    if (experts || fields_changes_wanted(tree))
        builder.changes = changes_of(pinfo->pool, &path, &builder.packet);
    if (tapped && path.known && !path.head_damaged)
        taps_queue_path(pinfo, &path, builder.family);
    prepend_info(&builder);
    if (tree)
        dissect_tree(&builder, tree);
    else
        path_experts_add(pinfo, NULL, &path, builder.changes); /* for those who only list and count them */
}
