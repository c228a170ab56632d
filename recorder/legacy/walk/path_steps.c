/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* From a path that has ended to the finished path. */
#include "recorder/legacy/walk/path_steps.h"

#include "format/packet.h"
#include "recorder/legacy/walk/prefix.h"

#include <string.h>

static struct bytes text(const char *string)
{
    return (struct bytes){(const uint8_t *)string, strlen(string)};
}

static unsigned type_of(const struct annotation *annotation)
{
    switch (annotation->meaning.kind) {
    case MEANING_POLICY:
        return STEP_POLICY;
    case MEANING_END:
        return STEP_RETURN;
    case MEANING_UNKNOWN:
        return annotation->said_rule ? STEP_RULE : STEP_UNKNOWN;
    default:
        return STEP_RULE;
    }
}

void path_step_of(const struct annotation *annotation, const struct event *event, struct step *ret_step)
{
    const struct meaning *meaning = &annotation->meaning;
    struct prefix prefix;
    *ret_step = (struct step){.table = text(table_name(annotation->spot.table))};
    if (annotation->step) {
        struct step step = annotation->step->step;
        step.context = (struct context){0};
        step.change = (struct change){0};
        step.stale = annotation->stale;
        *ret_step = step;
        return;
    }
    if (meaning->kind != MEANING_UNKNOWN && meaning->chain)
        ret_step->chain = meaning->chain->name;
    else if (prefix_parse(message_get_prefix(&event->message), &prefix))
        ret_step->chain = prefix.chain;
    ret_step->type = type_of(annotation);
    ret_step->rulenum = meaning->rulenum;
    ret_step->stale = annotation->stale;
    if (annotation->ruleset && meaning->kind != MEANING_UNKNOWN)
        ret_step->ruleset = ruleset_get_origin(annotation->ruleset)->number;
    switch (meaning->kind) {
    case MEANING_RULE:
        ret_step->rule = meaning->rule->text;
        ret_step->target = meaning->rule->target;
        ret_step->comment = meaning->rule->comment;
        break;
    case MEANING_POLICY:
        // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): a policy is a chain's
        ret_step->rule = meaning->chain->policy_text;
        ret_step->target = meaning->chain->policy_name;
        break;
    case MEANING_END:
        ret_step->target = BYTES("RETURN");
        break;
    case MEANING_UNKNOWN:
        /* The kernel's own number, where it is surely a rule's: better than none, and no text is claimed. */
        ret_step->rulenum = annotation->said_rule ? annotation->number : 0;
        break;
    case MEANING_OWN:
        break;
    }
}

static bool get_number(const struct message *message, unsigned type, uint32_t *ret_value)
{
    uint64_t value;
    if (!message_get_uint(message, type, 0, 4, &value))
        return false;
    *ret_value = (uint32_t)value;
    return true;
}

static void fill_context(const struct event *event, const struct annotation *annotation,
                         struct context *ret_context)
{
    *ret_context = (struct context){
        .has_hook = true,
        .hook = annotation->spot.hook,
        .in = event->in,
        .out = event->out,
        .physin = event->physin,
        .physout = event->physout,
    };
    ret_context->has_mark = get_number(&event->message, MESSAGE_MARK, &ret_context->mark);
    ret_context->has_uid = get_number(&event->message, MESSAGE_UID, &ret_context->uid);
    ret_context->has_gid = get_number(&event->message, MESSAGE_GID, &ret_context->gid);
}

static void fill_change(const struct packet *before, const struct packet *after, struct change *change)
{
    if (before->version != after->version || after->version == 0)
        return;
    if (!bytes_equal(before->src, after->src))
        change->src = after->src;
    if (!bytes_equal(before->dst, after->dst))
        change->dst = after->dst;
    bool ports = before->has_ports && after->has_ports;
    change->has_srcport = ports && before->srcport != after->srcport;
    change->has_dstport = ports && before->dstport != after->dstport;
    change->srcport = change->has_srcport ? after->srcport : 0;
    change->dstport = change->has_dstport ? after->dstport : 0;
    change->has_ttl = before->ttl != after->ttl;
    change->ttl = change->has_ttl ? after->ttl : 0;
    change->has_tos = before->tos != after->tos;
    change->tos = change->has_tos ? after->tos : 0;
    change->has_length = before->length != after->length;
    change->length = change->has_length ? after->length : 0;
}

/* What the kernel says is the mark of a membership report of its own before a rule has set one: the memory of
 * the mark is used for something else until then (reserved_tailroom in struct sk_buff; net/ipv4/igmp.c,
 * igmpv3_newpack(), net/ipv6/mcast.c, mld_newpack()). */
struct no_mark {
    bool has;
    uint32_t value;
};

static struct no_mark find_no_mark(const struct annotation *first, const struct event *event)
{
    struct no_mark no_mark = {0};
    struct packet packet;
    if (first->spot.hook != HOOK_OUTPUT || !get_number(&event->message, MESSAGE_MARK, &no_mark.value))
        return no_mark;
    packet_parse(event->message.attribute[MESSAGE_PAYLOAD], &packet);
    no_mark.has = packet_is_membership_report(&packet);
    return no_mark;
}

static void take_no_mark(struct no_mark no_mark, struct context *context)
{
    if (!no_mark.has || !context->has_mark || context->mark != no_mark.value)
        return;
    context->has_mark = false;
    context->mark = 0;
}

static struct step *next_step(struct path_steps *steps)
{
    size_t count = steps->path.count++;
    if (count == steps->capacity) {
        steps->capacity = MAX(steps->capacity * 2, 16);
        steps->steps = g_renew(struct step, steps->steps, steps->capacity);
    }
    return &steps->steps[count];
}

/* ---- The messages, as evidence ---- */

static void begin_evidence(struct evidence *evidence)
{
    struct log_evidence *messages = (struct log_evidence *)evidence;
    message_log_begin(messages->log, &messages->iterator);
    messages->next = messages->steps;
}

/* Without context but for the interfaces: all that a message block keeps of it. */
static const struct step *make_own_step(struct log_evidence *messages)
{
    const struct event *event = &messages->iterator.event;
    path_step_of(messages->iterator.annotation, event, &messages->own);
    messages->own.context.in = event->in;
    messages->own.context.out = event->out;
    messages->own.context.physin = event->physin;
    messages->own.context.physout = event->physout;
    return &messages->own;
}

static bool next_evidence(struct evidence *evidence, struct evidence_item *ret_item)
{
    struct log_evidence *messages = (struct log_evidence *)evidence;
    if (!message_log_next(&messages->iterator))
        return false;
    struct event *event = &messages->iterator.event;
    bool is_own = messages->iterator.annotation->meaning.kind == MEANING_OWN;
    event->message.received_us = event->received_ns / 1000;
    ret_item->message = &event->message;
    ret_item->step = is_own ? make_own_step(messages) : messages->next++;
    return true;
}

/* ---- The whole ---- */

static void begin_path(struct path_steps *steps, const struct ended_path *ended, struct bytes netns)
{
    steps->path = (struct finished_path){
        .head = {.verdict = ended->verdict,
                 .reason = ended->reason,
                 .backend = BACKEND_LEGACY,
                 .incomplete = ended->incomplete,
                 .ambiguous = ended->ambiguous,
                 .copy = ended->copy,
                 .cut = ended->cut,
                 .netns = netns},
        .family = ended->family,
        .time_ns = ended->time_ns,
        .messages = ended->messages,
        .evidence = &steps->evidence.evidence,
    };
    steps->evidence = (struct log_evidence){
        .evidence = {.begin = begin_evidence, .next = next_evidence},
        .log = ended->log,
    };
}

/* What the first message shows. Returns whether the kernel gave it a time. */
static bool take_first(struct finished_path *path, const struct event *event)
{
    uint64_t time_us;
    path->packet = event->message.attribute[MESSAGE_PAYLOAD];
    path->in = event->in;
    path->out = event->out;
    path->physin = event->physin;
    path->physout = event->physout;
    return message_get_time_us(&event->message, &time_us);
}

const struct finished_path *path_steps_make(struct path_steps *steps, const struct ended_path *ended,
                                            struct bytes netns)
{
    struct finished_path *path = &steps->path;
    struct message_log_iterator iterator;
    struct packet before = {0}, packet = {0};
    struct bytes payload = {0};
    struct no_mark no_mark = {0};
    uint32_t index = 0, own = 0;
    bool has_time = false;
    begin_path(steps, ended, netns);
    message_log_begin(ended->log, &iterator);
    while (message_log_next(&iterator)) {
        const struct event *event = &iterator.event;
        const struct bytes *now = &event->message.attribute[MESSAGE_PAYLOAD];
        if (index++ == 0) {
            has_time = take_first(path, event);
            no_mark = find_no_mark(iterator.annotation, event);
        }
        if (iterator.annotation->meaning.kind == MEANING_OWN) {
            own++;
            continue;
        }
        struct step *step = next_step(steps);
        path_step_of(iterator.annotation, event, step);
        fill_context(event, iterator.annotation, &step->context);
        take_no_mark(no_mark, &step->context);
        uint64_t time_us;
        step->has_time = has_time && message_get_time_us(&event->message, &time_us);
        step->time_ns = step->has_time ? (int64_t)(time_us * 1000 - path->time_ns) : 0;
        /* The log gives the same bytes as long as they do not change. */
        if (now->data != payload.data || now->length != payload.length) {
            packet_parse(*now, &packet);
            if (payload.data)
                fill_change(&before, &packet, &step->change);
            before = packet;
            payload = *now;
        }
        if (ended->decided == index)
            path->head.decided = (uint32_t)path->count;
    }
    path->head.steps = ended->messages - own;
    path->steps = steps->evidence.steps = steps->steps;
    return path;
}

void path_steps_done(struct path_steps *steps)
{
    g_free(steps->steps);
    *steps = (struct path_steps){0};
}
