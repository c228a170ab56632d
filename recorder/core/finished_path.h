/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's path when it has ended: what every backend hands on, and all that is known of the packet to
 * whoever writes, prints or counts. Nothing here says where it came from, but `head.backend`. */
#ifndef IPTRACE_CORE_FINISHED_PATH_H
#define IPTRACE_CORE_FINISHED_PATH_H

#include "format/family.h"
#include "format/message.h"
#include "format/path_record.h"

/* One message that told of the packet, and what it was found to mean; null where it means nothing. */
struct evidence_item {
    const struct message *message;
    const struct step *step;
};

/* The messages that told of a packet, in their order. A backend puts it first in a structure of its own. What
 * an item points to is valid until the next call, the bytes of the message's attributes as long as the path. */
struct evidence {
    void (*begin)(struct evidence *evidence); /* back to the first one */
    bool (*next)(struct evidence *evidence, struct evidence_item *ret_item);
};

/* Handed out once, and valid during the call: whoever keeps anything copies it. */
struct finished_path {
    struct path head; /* but for `packet_id`, which is the capture's to give */
    enum ip_family family;
    const struct step *steps; /* without those of the recorder's own rules */
    size_t count;
    uint64_t time_ns;    /* of the packet, since the epoch */
    struct bytes packet; /* as it was first seen: from the IP header, cut at the copy range */
    struct bytes in, out, physin, physout; /* interfaces, as it was first seen; empty: none */
    uint32_t messages;                     /* that told of it, also those that were not kept */
    struct evidence *evidence;
};

#endif
