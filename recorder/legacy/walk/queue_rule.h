/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule with target NFQUEUE does with a packet: iptables-extensions(8). */
#ifndef IPTRACE_LEGACY_WALK_QUEUE_RULE_H
#define IPTRACE_LEGACY_WALK_QUEUE_RULE_H

#include "recorder/legacy/walk/ruleset.h"

struct queue_rule {
    uint16_t first, last; /* queues among which packets are spread; mostly the same */
    bool bypass;          /* without a listener packets pass, and are not dropped */
};

/* False where it is no rule of target NFQUEUE, or its text is not at hand. */
bool queue_rule_of(const struct meaning *meaning, struct queue_rule *ret_rule);

#endif
