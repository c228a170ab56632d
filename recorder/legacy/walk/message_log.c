/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The messages of one path while it is open, kept compactly. */
#include "recorder/legacy/walk/message_log.h"

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
    uint32_t bytes_end;
    uint8_t family;
};

struct change_of_slot {
    uint32_t number;
    struct slot slot;
};

struct message_log {
    uint8_t *bytes;
    struct change_of_slot *changes;
    struct entry *entries;
    uint32_t bytes_length, change_count, entry_count;
    uint32_t bytes_capacity, change_capacity, entry_capacity;
    size_t step_bytes; /* that the steps of the annotations take */
    struct slots last;
    struct slots *before; /* as they were before the last message; null until it is replaced */
};

struct message_log *message_log_new(void)
{
    return g_new0(struct message_log, 1);
}

static void annotation_done(struct message_log *log, struct annotation *annotation)
{
    ruleset_unref(annotation->ruleset);
    if (annotation->step)
        log->step_bytes -= annotation->step->size;
    step_copy_unref(annotation->step);
}

static void forget_before(struct message_log *log)
{
    g_free(log->before);
    log->before = NULL;
}

void message_log_clear(struct message_log *log)
{
    forget_before(log);
    for (uint32_t i = 0; i < log->entry_count; i++)
        annotation_done(log, &log->entries[i].annotation);
    log->bytes_length = log->change_count = log->entry_count = 0;
    log->last.present = 0;
}

void message_log_free(struct message_log *log)
{
    if (!log)
        return;
    message_log_clear(log);
    g_free(log->bytes);
    g_free(log->changes);
    g_free(log->entries);
    g_free(log);
}

/* ---- Adding ---- */

static void annotation_keep(struct message_log *log, struct annotation *annotation)
{
    if (annotation->ruleset)
        ruleset_ref(annotation->ruleset);
    if (!annotation->step)
        return;
    step_copy_ref(annotation->step);
    log->step_bytes += annotation->step->size;
}

/* Room for `more` items behind `length`. */
static uint32_t grown(uint32_t capacity, uint32_t length, size_t more, uint32_t least)
{
    uint32_t needed = length + (uint32_t)more;
    return needed <= capacity ? capacity : MAX(MAX(needed, capacity * 2), least);
}

static void reserve(struct message_log *log, size_t bytes, unsigned changes)
{
    uint32_t capacity = grown(log->bytes_capacity, log->bytes_length, bytes, 384);
    if (capacity != log->bytes_capacity)
        log->bytes = g_realloc(log->bytes, capacity);
    log->bytes_capacity = capacity;
    capacity = grown(log->change_capacity, log->change_count, changes, 40);
    if (capacity != log->change_capacity)
        log->changes = g_renew(struct change_of_slot, log->changes, capacity);
    log->change_capacity = capacity;
    capacity = grown(log->entry_capacity, log->entry_count, 1, 8);
    if (capacity != log->entry_capacity)
        log->entries = g_renew(struct entry, log->entries, capacity);
    log->entry_capacity = capacity;
}

static void add_slot(struct message_log *log, uint32_t number, struct bytes value)
{
    struct slot *last = &log->last.slot[number];
    if (log->last.present >> number & 1 &&
        bytes_equal((struct bytes){log->bytes + last->at, last->length}, value))
        return;
    *last = (struct slot){log->bytes_length, (uint32_t)value.length};
    log->last.present |= 1ull << number;
    if (value.length > 0)
        memcpy(log->bytes + log->bytes_length, value.data, value.length);
    log->bytes_length += (uint32_t)value.length;
    log->changes[log->change_count++] = (struct change_of_slot){number, *last};
}

static void append(struct message_log *log, const struct event *event, const struct annotation *annotation)
{
    const struct message *message = &event->message;
    const struct bytes names[] = {event->in, event->out, event->physin, event->physout};
    uint64_t present = message->present;
    size_t length = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        length += names[i].length;
        if (names[i].length > 0)
            present |= 1ull << (SLOT_NAMES + i);
    }
    for (uint32_t rest = message->present; rest != 0; rest &= rest - 1)
        length += message->attribute[__builtin_ctz(rest)].length;
    reserve(log, length, (unsigned)__builtin_popcountll(present));

    struct entry *entry = &log->entries[log->entry_count++];
    entry->annotation = *annotation;
    entry->number = message->number;
    entry->received_ns = event->received_ns;
    entry->lost_before = event->lost_before;
    entry->removed = log->last.present & ~present;
    entry->family = message->family;
    annotation_keep(log, &entry->annotation);

    log->last.present &= present;
    for (uint32_t rest = message->present; rest != 0; rest &= rest - 1) {
        uint32_t number = (uint32_t)__builtin_ctz(rest);
        add_slot(log, number, message->attribute[number]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].length > 0)
            add_slot(log, SLOT_NAMES + i, names[i]);
    entry->end = log->change_count;
    entry->bytes_end = log->bytes_length;
}

void message_log_add(struct message_log *log, const struct event *event, const struct annotation *annotation)
{
    forget_before(log);
    append(log, event, annotation);
}

/* The slots as the first `count` messages left them. */
static void slots_after(const struct message_log *log, uint32_t count, struct slots *ret_slots)
{
    uint32_t change = 0;
    ret_slots->present = 0;
    for (uint32_t i = 0; i < count; i++) {
        ret_slots->present &= ~log->entries[i].removed;
        for (; change < log->entries[i].end; change++) {
            const struct change_of_slot *changed = &log->changes[change];
            ret_slots->slot[changed->number] = changed->slot;
            ret_slots->present |= 1ull << changed->number;
        }
    }
}

void message_log_replace_last(struct message_log *log, const struct event *event,
                              const struct annotation *annotation)
{
    uint32_t left = log->entry_count - 1;
    /* A loop replaces it often, and what was before it stays the same. */
    if (!log->before) {
        log->before = g_new(struct slots, 1);
        slots_after(log, left, log->before);
    }
    annotation_done(log, &log->entries[left].annotation);
    log->entry_count = left;
    log->bytes_length = left > 0 ? log->entries[left - 1].bytes_end : 0;
    log->change_count = left > 0 ? log->entries[left - 1].end : 0;
    log->last = *log->before;
    append(log, event, annotation);
}

/* ---- Reading ---- */

size_t message_log_count(const struct message_log *log)
{
    return log->entry_count;
}

const struct annotation *message_log_annotation(const struct message_log *log, size_t index)
{
    return &log->entries[index].annotation;
}

void message_log_annotate(struct message_log *log, size_t index, const struct annotation *annotation)
{
    struct annotation *place = &log->entries[index].annotation;
    struct annotation former = *place;
    *place = *annotation;
    annotation_keep(log, place);
    annotation_done(log, &former);
}

size_t message_log_memory(const struct message_log *log)
{
    return sizeof *log + log->step_bytes + log->bytes_capacity +
           log->change_capacity * sizeof(struct change_of_slot) + log->entry_capacity * sizeof(struct entry);
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
    if (iterator->index == log->entry_count)
        return false;
    const struct entry *entry = &log->entries[iterator->index];
    struct event *event = &iterator->event;

    for (uint64_t rest = entry->removed; rest != 0; rest &= rest - 1)
        *slot_target(event, (uint32_t)__builtin_ctzll(rest)) = (struct bytes){0};
    event->message.present &= (uint32_t)~entry->removed;
    for (uint32_t i = iterator->index > 0 ? (entry - 1)->end : 0; i < entry->end; i++) {
        const struct change_of_slot *change = &log->changes[i];
        *slot_target(event, change->number) =
            (struct bytes){log->bytes + change->slot.at, change->slot.length};
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
