/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's path when it has ended: what every backend hands on, and all that the writer, text, summary and
 * statistics know of the packet. Only `head.backend` says where it came from. */
#ifndef IPTRACE_CORE_FINISHED_PATH_H
#define IPTRACE_CORE_FINISHED_PATH_H

#include "format/family.h"
#include "format/message.h"
#include "format/path_record.h"

/* One message about the packet, and its meaning; `step` is null if it has none. */
struct evidence_item {
    const struct message *message;
    const struct step *step;
};

/* An iterator over the messages about a packet, in their order. A backend makes it the first member of a
 * structure of its own. What an item points to is valid until the next call; the bytes of the message's
 * attributes are valid as long as the path. */
struct evidence {
    void (*begin)(struct evidence *evidence); /* back to the first message */
    bool (*next)(struct evidence *evidence, struct evidence_item *ret_item);
};

/* Handed on once, and valid during the call: whoever keeps anything of it makes a copy. */
struct finished_path {
    struct path head; /* all but `packet_id`, which the capture assigns */
    enum ip_family family;
    const struct step *steps; /* without those of the recorder's own rules */
    size_t count;
    uint64_t time_ns;    /* of the packet, since the epoch */
    struct bytes packet; /* as it was first seen: from the IP header, cut at the copy range */
    struct bytes in, out, physin, physout; /* interfaces, as first seen; empty: none */
    uint32_t messages;                     /* about it, including those that were dropped from the path */
    struct evidence *evidence;
};

#endif
