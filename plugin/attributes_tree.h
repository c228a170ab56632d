/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The attributes of one TRACE message, each with its meaning. */
#ifndef IPTRACE_PLUGIN_ATTRIBUTES_TREE_H
#define IPTRACE_PLUGIN_ATTRIBUTES_TREE_H

#include "plugin/compat.h"

#include "format/message.h"
#include "format/step.h"

/* Where items are added, and the bytes that contain the message: `body`, which begins `at` bytes into
 * `tvb`. */
struct attributes_place {
    wmem_allocator_t *pool;
    tvbuff_t *tvb;
    proto_tree *tree;
    int at;
    struct bytes body;
};

/* `context` has the interface names, if they are known; may be null. */
void attributes_tree_add(const struct attributes_place *place, const struct message *message,
                         const struct context *context);

#endif
