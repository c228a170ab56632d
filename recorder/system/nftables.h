/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether nftables filters here too: what it drops the legacy tables do not tell. */
#ifndef IPTRACE_SYSTEM_NFTABLES_H
#define IPTRACE_SYSTEM_NFTABLES_H

#include <stdbool.h>

#include "recorder/core/error.h"

/* Whether the namespace of `netns_fd` has any nftables rule, or a chain that drops by policy. Changes
 * nothing. An error where nobody can say; a kernel without nftables has none. */
int nftables_has_rules(int netns_fd, bool *ret_has_rules, struct error *error);

#endif
