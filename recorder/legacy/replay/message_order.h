/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Brings messages back into the order of their numbers. Our captures store them by packet, so the messages of
 * two packets that were under way at the same time are not interleaved. Pure; the caller bounds the
 * memory. */
#ifndef IPTRACE_LEGACY_REPLAY_MESSAGE_ORDER_H
#define IPTRACE_LEGACY_REPLAY_MESSAGE_ORDER_H

#include "format/message.h"
#include "format/step_copy.h"

struct message_order;

struct ordered_message {
    struct message message;
    struct step_copy *step; /* may be null */
    uint64_t missing;       /* numbers missing between the message before and this one */
};

struct message_order *message_order_new(void);
void message_order_free(struct message_order *order);

/* True if the message can be handed on at once, because it is the next one and nothing before it is waiting.
 * The caller then does so instead of adding it. */
bool message_order_pass(struct message_order *order, uint64_t number);

/* Copies the message, and takes a reference to the step. Ignores a number that was handed on already: it is
 * in the file more than once, or it came too late and was taken to be missing. */
void message_order_add(struct message_order *order, const struct message *message, struct step_copy *step);

/* The next message, valid until the next call of any function. False if there is none or, unless `force`, if
 * something before it is missing that may still come. */
bool message_order_next(struct message_order *order, bool force, struct ordered_message *ret_message);

/* How much is held back now: the number of messages, and an upper bound of their memory. */
size_t message_order_count(const struct message_order *order);
size_t message_order_bytes(const struct message_order *order);

#endif
