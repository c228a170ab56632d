/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The legacy tables of one family as libiptc serves them. */
#include "recorder/legacy/agent/legacy.h"

#include <errno.h>
#include <glib.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "recorder/core/ownership.h"

/* What is read by one family's struct holds for the other's. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one layout for both families");
_Static_assert(IPT_INV_VIA_IN == IP6T_INV_VIA_IN && IPT_INV_VIA_OUT == IP6T_INV_VIA_OUT &&
                   IPT_INV_SRCIP == IP6T_INV_SRCIP && IPT_INV_DSTIP == IP6T_INV_DSTIP &&
                   (int)XT_INV_PROTO == (int)IP6T_INV_PROTO,
               "one meaning of inversions for both families");

/* The mask covers the terminating zero, so that eth1 is not eth10, unless a + asks for that. */
static void set_interface(char name[static IFNAMSIZ], unsigned char mask[static IFNAMSIZ], const char *wanted)
{
    if (!wanted)
        return;
    g_strlcpy(name, wanted, IFNAMSIZ);
    size_t length = strlen(name);
    bool wildcard = length && name[length - 1] == '+';
    memset(mask, 0xff, wildcard ? length - 1 : MIN(length + 1, IFNAMSIZ));
}

#define FAMILY(name) v4_##name
#define CALL(name)   iptc_##name
#define ENTRY        struct ipt_entry
#define IP           ip
#define IS_FRAGMENT  IPT_F_FRAG
#define IS_GOTO      IPT_F_GOTO
#include "recorder/legacy/agent/legacy_family.inc"

#define FAMILY(name) v6_##name
#define CALL(name)   ip6tc_##name
#define ENTRY        struct ip6t_entry
#define IP           ipv6
#define IS_FRAGMENT  0
#define IS_GOTO      IP6T_F_GOTO
#include "recorder/legacy/agent/legacy_family.inc"

static const struct legacy v4 = {
    .family = FAMILY_IPV4,
    .names_path = "/proc/net/ip_tables_names",
    .module = "ip_tables",
    .socket_level = IPPROTO_IP,
    .get_info = IPT_SO_GET_INFO,
    .get_entries = IPT_SO_GET_ENTRIES,
    .get_match_revision = IPT_SO_GET_REVISION_MATCH,
    .get_target_revision = IPT_SO_GET_REVISION_TARGET,
    .entry_size = sizeof(struct ipt_entry),
    .entries_offset = offsetof(struct ipt_get_entries, entrytable),
    .init = iptc_init,
    .free = iptc_free,
    .first_chain = iptc_first_chain,
    .next_chain = iptc_next_chain,
    .first_rule = v4_first_rule,
    .next_rule = v4_next_rule,
    .target_name = v4_target_name,
    .policy = v4_policy,
    .keep_policy = v4_keep_policy,
    .insert = v4_insert,
    .remove = v4_remove,
    .commit = iptc_commit,
    .view = v4_view,
    .fill = v4_fill,
};

static const struct legacy v6 = {
    .family = FAMILY_IPV6,
    .names_path = "/proc/net/ip6_tables_names",
    .module = "ip6_tables",
    .socket_level = IPPROTO_IPV6,
    .get_info = IP6T_SO_GET_INFO,
    .get_entries = IP6T_SO_GET_ENTRIES,
    .get_match_revision = IP6T_SO_GET_REVISION_MATCH,
    .get_target_revision = IP6T_SO_GET_REVISION_TARGET,
    .entry_size = sizeof(struct ip6t_entry),
    .entries_offset = offsetof(struct ip6t_get_entries, entrytable),
    .init = ip6tc_init,
    .free = ip6tc_free,
    .first_chain = ip6tc_first_chain,
    .next_chain = ip6tc_next_chain,
    .first_rule = v6_first_rule,
    .next_rule = v6_next_rule,
    .target_name = v6_target_name,
    .policy = v6_policy,
    .keep_policy = v6_keep_policy,
    .insert = v6_insert,
    .remove = v6_remove,
    .commit = ip6tc_commit,
    .view = v6_view,
    .fill = v6_fill,
};

const struct legacy *legacy_of(enum ip_family family)
{
    assert(family == FAMILY_IPV4 || family == FAMILY_IPV6);
    return family == FAMILY_IPV6 ? &v6 : &v4;
}

int legacy_socket(const struct legacy *legacy, int *ret_socket, struct error *error)
{
    int fd = socket(ip_family_af(legacy->family), SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0 && (errno == EPERM || errno == EACCES))
        return error_set(
            error, EPERM,
            "no permission to read the %s tables: run as root, or with CAP_NET_ADMIN and CAP_NET_RAW",
            ip_family_name(legacy->family));
    if (fd < 0)
        return error_set(error, errno, "cannot open a %s raw socket to read the tables with: %s",
                         ip_family_name(legacy->family), g_strerror(errno));
    *ret_socket = fd;
    return 0;
}

void legacy_load_module(const char *module)
{
    char program[256] = "/sbin/modprobe";
    g_autofree char *configured = NULL;
    if (g_file_get_contents("/proc/sys/kernel/modprobe", &configured, NULL, NULL) && *g_strstrip(configured))
        g_strlcpy(program, configured, sizeof program);

    char *arguments[] = {program, "-q", "--", (char *)module, NULL};
    char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    pid_t child;
    if (posix_spawn(&child, program, NULL, NULL, arguments, environment))
        return;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Source of the numbers: net/ipv4/netfilter/ip_tables.c, nf_getsockopt; libiptc's init. */
static int open_error(const struct legacy *legacy, const char *table, int err, struct error *error)
{
    switch (err) {
    case EPERM:
    case EACCES:
        return error_set(
            error, EPERM,
            "no permission to read %s table %s: run as root, or with CAP_NET_ADMIN and CAP_NET_RAW",
            ip_family_name(legacy->family), table);
    case ENOENT:
    case ESRCH:
        return error_set(error, ENOENT,
                         "this kernel has no legacy %s table %s (CONFIG_%s, module %stable_%s)",
                         ip_family_name(legacy->family), table,
                         legacy->family == FAMILY_IPV4 ? "IP_NF_IPTABLES_LEGACY" : "IP6_NF_IPTABLES_LEGACY",
                         ip_family_tables(legacy->family), table);
    case ENOPROTOOPT:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
    case EINVAL:
        return error_set(error, EPROTONOSUPPORT, "this kernel has no legacy %s tables: module %s is missing",
                         ip_family_name(legacy->family), legacy->module);
    default:
        return error_set(error, err ? err : EIO, "%s table %s cannot be read: %s",
                         ip_family_name(legacy->family), table, g_strerror(err));
    }
}

int legacy_open(const struct legacy *legacy, const char *table, bool load, struct xtc_handle **ret_handle,
                struct error *error)
{
    struct xtc_handle *handle = legacy->init(table);
    if (!handle && load && errno != EPERM && errno != EACCES) {
        legacy_load_module(legacy->module);
        handle = legacy->init(table);
    }
    if (!handle)
        return open_error(legacy, table, errno, error);
    *ret_handle = handle;
    return 0;
}

static const struct xt_entry_match *match_at(const struct legacy_rule *rule, size_t offset)
{
    if (offset + sizeof(struct xt_entry_match) > rule->target_offset)
        return NULL;
    const struct xt_entry_match *match = (const void *)((const char *)rule->entry + offset);
    if (match->u.match_size < sizeof *match || match->u.match_size > rule->target_offset - offset)
        return NULL;
    return match;
}

const struct xt_entry_match *legacy_first_match(const struct legacy_rule *rule)
{
    return match_at(rule, rule->matches_offset);
}

const struct xt_entry_match *legacy_next_match(const struct legacy_rule *rule,
                                               const struct xt_entry_match *match)
{
    return match_at(rule, (const char *)match - (const char *)rule->entry + match->u.match_size);
}

const struct xt_entry_target *legacy_target(const struct legacy_rule *rule)
{
    return (const void *)((const char *)rule->entry + rule->target_offset);
}
