/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The field numbers of the message block, shared by its reader and its writer: docs/format.md, "Message
 * block". */
#ifndef IPTRACE_FORMAT_MESSAGE_BLOCK_FIELDS_H
#define IPTRACE_FORMAT_MESSAGE_BLOCK_FIELDS_H

enum {
    BLOCK_FIELD_CAPTURE_ID = 1,
    BLOCK_FIELD_NETNS = 2,
    BLOCK_FIELD_STRING = 3,
    BLOCK_FIELD_RULE = 4,
    BLOCK_FIELD_PACKET = 5,
};

enum {
    RULE_FIELD_PREFIX = 1,
    RULE_FIELD_STEP = 2,
};

enum {
    PACKET_FIELD_NUMBER = 1,
    PACKET_FIELD_MESSAGE = 2,
};

enum {
    MESSAGE_FIELD_NUMBER = 1,
    MESSAGE_FIELD_TIME = 2,
    MESSAGE_FIELD_WITHOUT = 3,
    MESSAGE_FIELD_ATTRIBUTE = 4,
    MESSAGE_FIELD_SEQ = 5,
    MESSAGE_FIELD_SEQ_GLOBAL = 6,
    MESSAGE_FIELD_PAYLOAD_LENGTH = 7,
    MESSAGE_FIELD_PATCH = 8,
    MESSAGE_FIELD_RULE = 9,
    MESSAGE_FIELD_FAMILY = 10,
    MESSAGE_FIELD_RECEIVED = 11,
};

#endif
