/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a rule with target NFQUEUE does with a packet. Source: iptables-extensions(8). */
#ifndef IPTRACE_LEGACY_WALK_QUEUE_RULE_H
#define IPTRACE_LEGACY_WALK_QUEUE_RULE_H

#include "recorder/legacy/walk/ruleset.h"

struct queue_rule {
    uint16_t first, last; /* queues over which packets are distributed; usually the same one */
    bool bypass;          /* if a queue has no listener, packets pass instead of being dropped */
};

/* False if it is not a rule with target NFQUEUE, or its text is not known. */
bool queue_rule_of(const struct meaning *meaning, struct queue_rule *ret_rule);

#endif
