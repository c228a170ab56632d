/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A datagram of the kernel's, and all that is read of each message. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>

#include "format/packet.h"
#include "recorder/legacy/nflog/nflog_message.h"
#include "recorder/legacy/walk/prefix.h"

static void look_at(const struct message *message)
{
    struct prefix prefix;
    struct packet packet;
    uint64_t value;
    if (prefix_parse(message_get_prefix(message), &prefix) &&
        prefix.chain.length > message->attribute[10].length)
        abort();
    packet_parse(message->attribute[MESSAGE_PAYLOAD], &packet);
    packet_key(&packet);
    message_get_time_us(message, &value);
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        message_get_uint(message, type, 0, 4, &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes datagram = {data, size}, body;
    struct message message;
    unsigned unknown;
    enum nflog_datagram_status status;
    while ((status = nflog_datagram_next(&datagram, &body)) == NFLOG_DATAGRAM_MESSAGE ||
           status == NFLOG_DATAGRAM_OTHER)
        if (nflog_message_parse(body, false, &message, &unknown))
            look_at(&message);
    nflog_message_parse((struct bytes){data, size}, true, &message, NULL);
    look_at(&message);
    return 0;
}
