/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Brings messages back into the order of their numbers: a heap with the smallest number on top. */
#include "recorder/legacy/replay/message_order.h"

#include <glib.h>
#include <string.h>

/* A message with its attributes' bytes behind it, in the order of their types. */
struct kept_message {
    uint64_t number;
    struct step_copy *step;
    uint64_t received_us;
    uint32_t present;
    uint8_t family;
    uint32_t size; /* memory, all in all */
    uint32_t lengths[];
};

struct message_order {
    GPtrArray *heap;           /* struct kept_message */
    struct kept_message *last; /* handed on, and still in the caller's hands */
    uint64_t next;             /* number that is expected; 1 until something else is known */
    bool begun;                /* something was handed on */
    size_t bytes;
};

static unsigned count_bits(uint32_t present)
{
    return (unsigned)__builtin_popcount(present);
}

static struct kept_message *keep(const struct message *message, struct step_copy *step)
{
    size_t head = sizeof(struct kept_message) + count_bits(message->present) * sizeof(uint32_t), size = head;
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (message_has(message, type))
            size += message->attribute[type].length;
    struct kept_message *kept = g_malloc(size);
    *kept = (struct kept_message){.number = message->number,
                                  .step = step ? step_copy_ref(step) : NULL,
                                  .received_us = message->received_us,
                                  .present = message->present,
                                  .family = message->family,
                                  .size = (uint32_t)size};
    uint8_t *at = (uint8_t *)kept + head;
    for (unsigned type = 0, i = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        if (!message_has(message, type))
            continue;
        struct bytes bytes = message->attribute[type];
        kept->lengths[i++] = (uint32_t)bytes.length;
        if (bytes.length > 0)
            memcpy(at, bytes.data, bytes.length);
        at += bytes.length;
    }
    return kept;
}

static void show(const struct kept_message *kept, struct message *ret_message)
{
    const uint8_t *at = (const uint8_t *)kept + sizeof *kept + count_bits(kept->present) * sizeof(uint32_t);
    *ret_message =
        (struct message){.received_us = kept->received_us, .number = kept->number, .family = kept->family};
    for (unsigned type = 0, i = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        if (!(kept->present >> type & 1))
            continue;
        message_set(ret_message, type, (struct bytes){at, kept->lengths[i]});
        at += kept->lengths[i++];
    }
}

/* A step that several messages share is counted for each: too much rather than too little. */
static size_t charge(const struct kept_message *kept)
{
    return kept->size + (kept->step ? kept->step->size : 0);
}

static void forget(struct kept_message *kept)
{
    if (kept)
        step_copy_unref(kept->step);
    g_free(kept);
}

/* ---- The heap ---- */

static struct kept_message *at(const struct message_order *order, size_t index)
{
    return g_ptr_array_index(order->heap, index);
}

static void swap(struct message_order *order, size_t a, size_t b)
{
    gpointer kept = order->heap->pdata[a];
    order->heap->pdata[a] = order->heap->pdata[b];
    order->heap->pdata[b] = kept;
}

static void push(struct message_order *order, struct kept_message *kept)
{
    g_ptr_array_add(order->heap, kept);
    for (size_t i = order->heap->len - 1; i > 0 && at(order, i)->number < at(order, (i - 1) / 2)->number;
         i = (i - 1) / 2)
        swap(order, i, (i - 1) / 2);
}

static struct kept_message *pop(struct message_order *order)
{
    struct kept_message *top = at(order, 0);
    size_t length = order->heap->len - 1;
    swap(order, 0, length);
    g_ptr_array_set_size(order->heap, (gint)length);
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < length && at(order, left)->number < at(order, least)->number)
            least = left;
        if (right < length && at(order, right)->number < at(order, least)->number)
            least = right;
        if (least == i)
            return top;
        swap(order, i, least);
        i = least;
    }
}

/* ---- The order ---- */

struct message_order *message_order_new(void)
{
    struct message_order *order = g_new0(struct message_order, 1);
    order->heap = g_ptr_array_new();
    order->next = 1;
    return order;
}

void message_order_free(struct message_order *order)
{
    if (!order)
        return;
    for (size_t i = 0; i < order->heap->len; i++)
        forget(at(order, i));
    forget(order->last);
    g_ptr_array_free(order->heap, TRUE);
    g_free(order);
}

bool message_order_pass(struct message_order *order, uint64_t number)
{
    if (number != order->next)
        return false;
    order->begun = true;
    order->next++;
    return true;
}

void message_order_add(struct message_order *order, const struct message *message, struct step_copy *step)
{
    if (message->number < order->next)
        return;
    struct kept_message *kept = keep(message, step);
    order->bytes += charge(kept);
    push(order, kept);
}

static void drop_repeated(struct message_order *order)
{
    while (order->heap->len > 0 && at(order, 0)->number < order->next) {
        struct kept_message *kept = pop(order);
        order->bytes -= charge(kept);
        forget(kept);
    }
}

bool message_order_next(struct message_order *order, bool force, struct ordered_message *ret_message)
{
    forget(order->last);
    order->last = NULL;
    drop_repeated(order);
    if (order->heap->len == 0)
        return false;
    if (at(order, 0)->number != order->next && !force)
        return false;

    struct kept_message *kept = pop(order);
    order->bytes -= charge(kept);
    show(kept, &ret_message->message);
    ret_message->step = kept->step;
    /* A capture of which the beginning was cut off has lost nothing that is worth telling. */
    ret_message->missing = order->begun ? kept->number - order->next : 0;
    order->begun = true;
    order->next = kept->number + 1;
    order->last = kept;
    return true;
}

size_t message_order_count(const struct message_order *order)
{
    return order->heap->len;
}

size_t message_order_bytes(const struct message_order *order)
{
    return order->bytes;
}
