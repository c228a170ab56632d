/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A packet's path: found among the options of its block, copied, and decoded. */
#ifndef IPTRACE_PLUGIN_PACKET_PATH_H
#define IPTRACE_PLUGIN_PACKET_PATH_H

#include "plugin/compat.h"

#include "format/path_record.h"

struct path_step {
    struct step step;
    struct bytes body; /* its encoding in the record */
};

struct packet_path {
    struct bytes record; /* envelope and body */
    unsigned version;    /* of the envelope; nothing below is set if this plugin cannot read it */
    bool known;          /* it is a version that this plugin can read */
    bool damaged;        /* somewhere; what comes before could be read */
    bool head_damaged;   /* nothing can be relied on */
    uint64_t lost;       /* messages lost since the packet before, about any packet */
    struct path path;
    struct path_step *steps; /* as many as could be read by packet_path_read() */
    uint32_t count;
    const struct step *decided; /* the step that decided; null if none did, or it has not been read yet */
};

/* True if the row has a path record. Decodes what is known of the packet as a whole, and copies nothing: what
 * points into the record is valid while the row is being dissected. */
bool packet_path_find(packet_info *pinfo, struct packet_path *ret_path);

/* Copies the record into the packet's memory, so that it lives as long as the packet's tree, and with `steps`
 * also decodes the steps. To be called once. */
void packet_path_read(packet_info *pinfo, struct packet_path *path, bool steps);

#endif
