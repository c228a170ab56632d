/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet's path as its row carries it: found among the options of its block, copied, and decoded. */
#ifndef IPTRACE_PLUGIN_PACKET_PATH_H
#define IPTRACE_PLUGIN_PACKET_PATH_H

#include "plugin/compat.h"

#include "format/path_record.h"

struct path_step {
    struct step step;
    struct bytes body; /* where it stands in the record */
};

struct packet_path {
    struct bytes record; /* envelope and body */
    unsigned version;    /* of the envelope; nothing below is set where it is not ours */
    bool known;          /* it is a version that this plugin reads */
    bool damaged;        /* somewhere; what stands before it could be read */
    bool head_damaged;   /* nothing is to be believed */
    uint64_t lost;       /* messages lost since the packet before, whichever packets they were of */
    struct path path;
    struct path_step *steps; /* as many as could be read by packet_path_read() */
    uint32_t count;
    const struct step *decided; /* the step that decided; null where none did, or it was not read yet */
};

/* True where the row has a path record. Decodes what is said of the packet as a whole; copies nothing: what
 * points into the record lives as long as the row is being dissected. */
bool packet_path_find(packet_info *pinfo, struct packet_path *ret_path);

/* Copies the record into the packet's memory, so that it lives as long as the packet's tree does, and decodes
 * the steps, too, where they are wanted. To be called once. */
void packet_path_read(packet_info *pinfo, struct packet_path *path, bool steps);

#endif
