/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether nftables filters here too: what it drops the legacy tables do not tell. */
#ifndef IPTRACE_SYSTEM_NFTABLES_H
#define IPTRACE_SYSTEM_NFTABLES_H

#include <stdbool.h>

#include "recorder/core/error.h"

/* Whether the namespace of `netns_fd` has any nftables rule, or a chain that drops by policy. Changes
 * nothing. An error where nobody can say; a kernel without nftables has none. */
int nftables_has_rules(int netns_fd, bool *ret_has_rules, struct error *error);

/* Whether nftables may change addresses of IPv4, IPv6 packets: a chain of type nat of the family, or of inet,
 * or any rule that writes into packets. */
struct nftables_translation {
    bool ipv4, ipv6;
};

int nftables_may_translate(int netns_fd, struct nftables_translation *ret_translation, struct error *error);

#endif
