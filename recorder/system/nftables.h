/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether nftables filters here too: the legacy tables do not show what it drops. */
#ifndef IPTRACE_SYSTEM_NFTABLES_H
#define IPTRACE_SYSTEM_NFTABLES_H

#include <stdbool.h>

#include "recorder/core/error.h"

/* Whether the namespace of `netns_fd` has any nftables rule, or a chain with a drop policy. Changes nothing.
 * Returns an error if that cannot be determined; a kernel without nftables has no such rules. */
int nftables_has_rules(int netns_fd, bool *ret_has_rules, struct error *error);

/* Whether nftables may change the addresses of IPv4 or IPv6 packets: there is a chain of type nat in the
 * family or in inet, or any rule that writes into packets. */
struct nftables_translation {
    bool ipv4, ipv6;
};

int nftables_may_translate(int netns_fd, struct nftables_translation *ret_translation, struct error *error);

#endif
