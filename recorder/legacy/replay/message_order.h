/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings messages back into the order of their numbers. Our captures hold them by packet: those of two
 * packets that were under way at once stand one after the other. Pure; the caller bounds the memory. */
#ifndef IPTRACE_LEGACY_REPLAY_MESSAGE_ORDER_H
#define IPTRACE_LEGACY_REPLAY_MESSAGE_ORDER_H

#include "format/message.h"
#include "format/step_copy.h"

struct message_order;

struct ordered_message {
    struct message message;
    struct step_copy *step; /* may be null */
    uint64_t missing;       /* numbers left out between the message before and this one */
};

struct message_order *message_order_new(void);
void message_order_free(struct message_order *order);

/* True where the message can be handed on at once: it is the next one, and nothing before it is waiting. The
 * caller then does so instead of adding it. */
bool message_order_pass(struct message_order *order, uint64_t number);

/* Copies the message, takes a reference to the step. A number that was handed on already is left out: it
 * stands in the file more than once, or it came too late and was taken for missing. */
void message_order_add(struct message_order *order, const struct message *message, struct step_copy *step);

/* The next message, valid until the next call of any function. False where there is none, and, unless
 * `force`, where something is missing before it that may still come. */
bool message_order_next(struct message_order *order, bool force, struct ordered_message *ret_message);

/* What is held back now: messages, and an upper bound of the memory. */
size_t message_order_count(const struct message_order *order);
size_t message_order_bytes(const struct message_order *order);

#endif
