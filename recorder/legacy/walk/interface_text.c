/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Interface names of a message from a file. */
#include "recorder/legacy/walk/interface_text.h"

#include <inttypes.h>
#include <stdio.h>

static struct bytes make(const struct message *message, unsigned type, struct bytes known, char *text)
{
    uint64_t index;
    if (!message_get_uint(message, type, 0, 4, &index))
        return (struct bytes){0};
    if (known.length > 0)
        return known;
    int length = snprintf(text, INTERFACE_TEXT_SIZE, "if%" PRIu64, index);
    return (struct bytes){(const uint8_t *)text, (size_t)length};
}

void interface_texts_set(struct interface_texts *texts, struct event *event, const struct context *known)
{
    static const struct context nothing;
    if (!known)
        known = &nothing;
    event->in = make(&event->message, MESSAGE_IN, known->in, texts->in);
    event->out = make(&event->message, MESSAGE_OUT, known->out, texts->out);
    event->physin = make(&event->message, MESSAGE_PHYSIN, known->physin, texts->physin);
    event->physout = make(&event->message, MESSAGE_PHYSOUT, known->physout, texts->physout);
}
