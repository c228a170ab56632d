/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of one path while it is open, kept compactly. */
#include "recorder/core/message_log.h"

#include <string.h>

/* A slot holds one thing that a message says: its attributes, and behind them the names of its interfaces. */
enum {
    SLOT_NAMES = MESSAGE_ATTRIBUTES_MAX,
    SLOT_COUNT = SLOT_NAMES + 4,
};

struct slot {
    uint32_t at, length; /* in `bytes` */
};

struct slots {
    uint64_t present; /* bit n: slot n */
    struct slot slot[SLOT_COUNT];
};

struct entry {
    struct annotation annotation;
    uint64_t number, received_ns, lost_before;
    uint64_t removed; /* slots that this message no longer has */
    uint32_t end;     /* of its changes in `changes` */
    uint8_t family;
};

struct change_of_slot {
    uint32_t number;
    struct slot slot;
};

struct message_log {
    GByteArray *bytes;
    GArray *changes; /* of struct change_of_slot */
    GArray *entries; /* of struct entry */
    struct slots last;
    struct slots before_last; /* what message_log_replace_last() goes back to */
};

struct message_log *message_log_new(void)
{
    struct message_log *log = g_new0(struct message_log, 1);
    log->bytes = g_byte_array_sized_new(512);
    log->changes = g_array_sized_new(FALSE, FALSE, sizeof(struct change_of_slot), 64);
    log->entries = g_array_sized_new(FALSE, FALSE, sizeof(struct entry), 8);
    return log;
}

static void annotation_done(struct annotation *annotation)
{
    ruleset_unref(annotation->ruleset);
    g_free((gpointer)annotation->step);
}

void message_log_clear(struct message_log *log)
{
    for (guint i = 0; i < log->entries->len; i++)
        annotation_done(&g_array_index(log->entries, struct entry, i).annotation);
    g_byte_array_set_size(log->bytes, 0);
    g_array_set_size(log->changes, 0);
    g_array_set_size(log->entries, 0);
    log->last.present = 0;
}

void message_log_free(struct message_log *log)
{
    if (!log)
        return;
    message_log_clear(log);
    g_byte_array_unref(log->bytes);
    g_array_unref(log->changes);
    g_array_unref(log->entries);
    g_free(log);
}

/* ---- Adding ---- */

/* A step and its strings in one piece of memory. */
static const struct step *step_copy(const struct step *step)
{
    const struct bytes strings[] = {step->table,       step->chain,          step->rule,
                                    step->target,      step->comment,        step->context.in,
                                    step->context.out, step->context.physin, step->context.physout};
    size_t length = sizeof *step;
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        length += strings[i].length;

    struct step *copy = g_malloc(length);
    *copy = *step;
    copy->change = (struct change){0};
    struct bytes *const targets[] = {&copy->table,       &copy->chain,          &copy->rule,
                                     &copy->target,      &copy->comment,        &copy->context.in,
                                     &copy->context.out, &copy->context.physin, &copy->context.physout};
    uint8_t *at = (uint8_t *)(copy + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++) {
        if (strings[i].length > 0)
            memcpy(at, strings[i].data, strings[i].length);
        *targets[i] = (struct bytes){at, strings[i].length};
        at += strings[i].length;
    }
    return copy;
}

static void annotation_keep(struct annotation *annotation)
{
    if (annotation->ruleset)
        ruleset_ref(annotation->ruleset);
    if (annotation->step)
        annotation->step = step_copy(annotation->step);
}

static void add_slot(struct message_log *log, uint32_t number, struct bytes value)
{
    struct slot *last = &log->last.slot[number];
    if (log->last.present >> number & 1 && last->length == value.length &&
        (value.length == 0 || memcmp(log->bytes->data + last->at, value.data, value.length) == 0))
        return;
    *last = (struct slot){log->bytes->len, (uint32_t)value.length};
    log->last.present |= 1ull << number;
    if (value.length > 0)
        g_byte_array_append(log->bytes, value.data, (guint)value.length);
    struct change_of_slot change = {number, *last};
    g_array_append_val(log->changes, change);
}

void message_log_add(struct message_log *log, const struct event *event, const struct annotation *annotation)
{
    const struct message *message = &event->message;
    const struct bytes names[] = {event->in, event->out, event->physin, event->physout};
    uint64_t present = message->present;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].length > 0)
            present |= 1ull << (SLOT_NAMES + i);

    log->before_last = log->last;
    struct entry entry = {
        .annotation = *annotation,
        .number = message->number,
        .received_ns = event->received_ns,
        .lost_before = event->lost_before,
        .removed = log->last.present & ~present,
        .family = message->family,
    };
    annotation_keep(&entry.annotation);

    log->last.present &= present;
    for (uint32_t rest = message->present; rest != 0; rest &= rest - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(rest);
        add_slot(log, number, message->attribute[number]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].length > 0)
            add_slot(log, SLOT_NAMES + i, names[i]);
    entry.end = log->changes->len;
    g_array_append_val(log->entries, entry);
}

void message_log_replace_last(struct message_log *log, const struct event *event,
                              const struct annotation *annotation)
{
    struct entry *last = &g_array_index(log->entries, struct entry, log->entries->len - 1);
    annotation_done(&last->annotation);
    g_array_set_size(log->entries, log->entries->len - 1);

    guint changes = log->entries->len > 0 ? (last - 1)->end : 0;
    guint bytes = 0;
    g_array_set_size(log->changes, changes);
    for (guint i = 0; i < changes; i++) {
        const struct slot *slot = &g_array_index(log->changes, struct change_of_slot, i).slot;
        bytes = MAX(bytes, slot->at + slot->length);
    }
    g_byte_array_set_size(log->bytes, bytes);
    log->last = log->before_last;
    message_log_add(log, event, annotation);
}

/* ---- Reading ---- */

size_t message_log_count(const struct message_log *log)
{
    return log->entries->len;
}

const struct annotation *message_log_annotation(const struct message_log *log, size_t index)
{
    return &g_array_index(log->entries, struct entry, index).annotation;
}

void message_log_annotate(struct message_log *log, size_t index, const struct annotation *annotation)
{
    struct annotation *place = &g_array_index(log->entries, struct entry, index).annotation;
    struct annotation former = *place;
    *place = *annotation;
    annotation_keep(place);
    annotation_done(&former);
}

size_t message_log_size(const struct message_log *log)
{
    return log->bytes->len + log->changes->len * sizeof(struct change_of_slot) +
           log->entries->len * sizeof(struct entry);
}

void message_log_begin(const struct message_log *log, struct message_log_iterator *ret_iterator)
{
    *ret_iterator = (struct message_log_iterator){.log = log};
}

static struct bytes *slot_target(struct event *event, uint32_t number)
{
    switch (number) {
    case SLOT_NAMES:
        return &event->in;
    case SLOT_NAMES + 1:
        return &event->out;
    case SLOT_NAMES + 2:
        return &event->physin;
    case SLOT_NAMES + 3:
        return &event->physout;
    default:
        return &event->message.attribute[number];
    }
}

bool message_log_next(struct message_log_iterator *iterator)
{
    const struct message_log *log = iterator->log;
    if (iterator->index == log->entries->len)
        return false;
    const struct entry *entry = &g_array_index(log->entries, struct entry, iterator->index);
    struct event *event = &iterator->event;

    for (uint64_t rest = entry->removed; rest != 0; rest &= rest - 1)
        *slot_target(event, (uint32_t)__builtin_ctzll(rest)) = (struct bytes){0};
    event->message.present &= (uint32_t)~entry->removed;
    for (guint i = iterator->index > 0 ? (entry - 1)->end : 0; i < entry->end; i++) {
        const struct change_of_slot *change = &g_array_index(log->changes, struct change_of_slot, i);
        *slot_target(event, change->number) =
            (struct bytes){log->bytes->data + change->slot.at, change->slot.length};
        if (change->number < SLOT_NAMES)
            event->message.present |= 1u << change->number;
    }
    event->message.number = entry->number;
    event->message.family = entry->family;
    event->received_ns = entry->received_ns;
    event->lost_before = entry->lost_before;
    event->step = entry->annotation.step;
    iterator->annotation = &entry->annotation;
    iterator->index++;
    return true;
}
