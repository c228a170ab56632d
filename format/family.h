/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* IPv4 or IPv6: the family of a packet, a table or a rule. All conversions to and from the numbers and names
 * that others use are here. */
#ifndef IPTRACE_FORMAT_FAMILY_H
#define IPTRACE_FORMAT_FAMILY_H

#include <assert.h>
#include <stdbool.h>
#include <sys/socket.h>

/* The version in an IP header, and what ruleset blocks hold. */
enum ip_family {
    FAMILY_NONE = 0, /* neither; only allowed where a comment says so */
    FAMILY_IPV4 = 4,
    FAMILY_IPV6 = 6,
};

#define FAMILY_COUNT 2

/* Indexes into an array of FAMILY_COUNT. */
static inline unsigned ip_family_index(enum ip_family family)
{
    return family == FAMILY_IPV6;
}

static inline enum ip_family ip_family_at(unsigned index)
{
    return index == 0 ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* AF_INET and AF_INET6, which are also the kernel's NFPROTO_IPV4 and NFPROTO_IPV6. */
static inline int ip_family_af(enum ip_family family)
{
    assert(family == FAMILY_IPV4 || family == FAMILY_IPV6);
    return family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
}

static inline bool ip_family_has_af(int af)
{
    return af == AF_INET || af == AF_INET6;
}

/* Anything but AF_INET6 counts as IPv4. */
static inline enum ip_family ip_family_of_af(int af)
{
    return af == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* Anything but 6 counts as IPv4. */
static inline enum ip_family ip_family_of_version(unsigned version)
{
    return version == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
}

/* `IPv4`, `IPv6`. */
static inline const char *ip_family_name(enum ip_family family)
{
    return family == FAMILY_IPV6 ? "IPv6" : "IPv4";
}

/* `ip`, `ip6`: the family of its legacy tables, as nftables spells it. */
static inline const char *ip_family_tables(enum ip_family family)
{
    return family == FAMILY_IPV6 ? "ip6" : "ip";
}

/* `iptables`, `ip6tables`. */
static inline const char *ip_family_command(enum ip_family family)
{
    return family == FAMILY_IPV6 ? "ip6tables" : "iptables";
}

#endif
