/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether nftables filters here too. Source: linux/netfilter/nf_tables.h. */
#include "recorder/system/nftables.h"

#include "recorder/core/ownership.h"
#include "recorder/system/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

static int take_rule(const struct nlmsghdr *header, void *data)
{
    (void)header;
    *(bool *)data = true;
    return MNL_CB_OK;
}

static int take_chain(const struct nlmsghdr *header, void *data)
{
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) == NFTA_CHAIN_POLICY &&
            mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t) &&
            ntohl(mnl_attr_get_u32(attribute)) == NF_DROP)
            *(bool *)data = true;
    }
    return MNL_CB_OK;
}

static int dump(struct mnl_socket *socket, unsigned type, mnl_cb_t take, void *found)
{
    char buffer[32768];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = type;
    struct nfgenmsg *family = mnl_nlmsg_put_extra_header(header, sizeof *family);
    family->nfgen_family = AF_UNSPEC;
    family->version = NFNETLINK_V0;
    family->res_id = 0;
    if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
        return -errno;
    for (;;) {
        ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        if (length < 0)
            return -errno;
        int result = mnl_cb_run(buffer, (size_t)length, type, mnl_socket_get_portid(socket), take, found);
        if (result < 0)
            return -errno;
        if (result == MNL_CB_STOP)
            return 0;
    }
}

static void note_family(const struct nlmsghdr *header, struct nftables_translation *translation)
{
    const struct nfgenmsg *family = mnl_nlmsg_get_payload(header);
    translation->ipv4 = translation->ipv4 || family->nfgen_family != NFPROTO_IPV6;
    translation->ipv6 = translation->ipv6 || family->nfgen_family != NFPROTO_IPV4;
}

static bool is_text(const struct nlattr *attribute, const char *text)
{
    uint16_t length = mnl_attr_get_payload_len(attribute);
    return length == strlen(text) + 1 && memcmp(mnl_attr_get_payload(attribute), text, length) == 0;
}

static int take_nat_chain(const struct nlmsghdr *header, void *data)
{
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) == NFTA_CHAIN_TYPE && is_text(attribute, "nat"))
            note_family(header, data);
    }
    return MNL_CB_OK;
}

/* A payload expression that takes what it has from a register writes; one that puts it into a register reads. */
static bool writes_payload(const struct nlattr *expression)
{
    const struct nlattr *attribute, *inner;
    bool is_payload = false, writes = false;
    mnl_attr_for_each_nested(attribute, expression)
    {
        if (mnl_attr_get_type(attribute) == NFTA_EXPR_NAME)
            is_payload = is_text(attribute, "payload");
        if (mnl_attr_get_type(attribute) != NFTA_EXPR_DATA)
            continue;
        mnl_attr_for_each_nested(inner, attribute) writes =
            writes || mnl_attr_get_type(inner) == NFTA_PAYLOAD_SREG;
    }
    return is_payload && writes;
}

static int take_writing_rule(const struct nlmsghdr *header, void *data)
{
    const struct nlattr *attribute, *expression;
    mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) != NFTA_RULE_EXPRESSIONS)
            continue;
        mnl_attr_for_each_nested(expression, attribute)
        {
            if (writes_payload(expression))
                note_family(header, data);
        }
    }
    return MNL_CB_OK;
}

/* The socket is of the namespace in which it was opened. */
static int ask(mnl_cb_t take_rule_fn, mnl_cb_t take_chain_fn, void *found, struct error *error)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    int result = socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 ? 0 : -errno;
    if (result == 0)
        result = dump(socket, NFT_MSG_GETRULE, take_rule_fn, found);
    if (result == 0)
        result = dump(socket, NFT_MSG_GETCHAIN, take_chain_fn, found);
    if (socket)
        mnl_socket_close(socket);
    /* No such netlink subsystem: no nftables. */
    if (result == -EINVAL || result == -EOPNOTSUPP || result == -ENOENT)
        result = 0;
    if (result < 0)
        return error_set(error, -result, "cannot query the nftables rules: %s", strerror(-result));
    return 0;
}

static int ask_inside(int netns_fd, mnl_cb_t take_rule_fn, mnl_cb_t take_chain_fn, void *found,
                      struct error *error)
{
    struct netns own, other = {.fd = netns_fd, .name = (char *)""};
    int result = netns_open_own(&own, error);
    if (result < 0)
        return result;
    result = netns_enter(&other, error);
    if (result == 0) {
        result = ask(take_rule_fn, take_chain_fn, found, error);
        int back = netns_enter(&own, result < 0 ? NULL : error);
        result = result < 0 ? result : back;
    }
    netns_done(&own);
    return result;
}

int nftables_has_rules(int netns_fd, bool *ret_has_rules, struct error *error)
{
    bool found = false;
    int result = ask_inside(netns_fd, take_rule, take_chain, &found, error);
    if (result == 0)
        *ret_has_rules = found;
    return result;
}

int nftables_may_translate(int netns_fd, struct nftables_translation *ret_translation, struct error *error)
{
    struct nftables_translation found = {false, false};
    int result = ask_inside(netns_fd, take_writing_rule, take_nat_chain, &found, error);
    if (result == 0)
        *ret_translation = found;
    return result;
}
