/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Makes the ipsets and accounting objects that rules of rule_text.list name, without the tools that usually
 * do, in the network namespace that it runs in. What the kernel does not have is left out. */
#include <errno.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_acct.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct message {
    struct nlmsghdr header;
    struct nfgenmsg generic;
    char attributes[512];
};

static struct nlattr *append(struct message *message, unsigned int type, const void *value, size_t size)
{
    struct nlattr *attribute = (void *)((char *)message + message->header.nlmsg_len);
    attribute->nla_type = type;
    attribute->nla_len = NLA_HDRLEN + size;
    if (size)
        memcpy((char *)attribute + NLA_HDRLEN, value, size);
    message->header.nlmsg_len += NLA_ALIGN(attribute->nla_len);
    return attribute;
}

static struct message begin(unsigned int subsystem, unsigned int command)
{
    return (struct message){
        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct nfgenmsg)),
                   .nlmsg_type = subsystem << 8 | command,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
        .generic = {.nfgen_family = AF_INET,                                                  .version = NFNETLINK_V0             },
    };
}

/* 0 or negative errno, of the kernel's answer. */
static int ask(int fd, const struct message *message)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[1024];
    } answer;
    if (send(fd, message, message->header.nlmsg_len, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0)
        return -errno;
    return answer.header.nlmsg_type == NLMSG_ERROR ? answer.error.error : -EPROTO;
}

static void make_set(int fd, const char *name, const char *type, int family, uint32_t timeout, uint32_t flags)
{
    struct message message = begin(NFNL_SUBSYS_IPSET, IPSET_CMD_CREATE);
    uint8_t protocol = 6, revision = 0, family_byte = family;
    uint32_t timeout_net = __builtin_bswap32(timeout), flags_net = __builtin_bswap32(flags);
    append(&message, IPSET_ATTR_PROTOCOL, &protocol, 1);
    append(&message, IPSET_ATTR_SETNAME, name, strlen(name) + 1);
    append(&message, IPSET_ATTR_TYPENAME, type, strlen(type) + 1);
    struct nlattr *revision_attribute = append(&message, IPSET_ATTR_REVISION, &revision, 1);
    append(&message, IPSET_ATTR_FAMILY, &family_byte, 1);
    struct nlattr *data = append(&message, IPSET_ATTR_DATA | NLA_F_NESTED, NULL, 0);
    if (timeout)
        append(&message, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, &timeout_net, 4);
    if (flags)
        append(&message, IPSET_ATTR_CADT_FLAGS | NLA_F_NET_BYTEORDER, &flags_net, 4);
    data->nla_len = (char *)&message + message.header.nlmsg_len - (char *)data;

    /* The oldest revision that knows the flags will do. */
    int result = -EPROTO;
    for (uint8_t candidate = 0; candidate < 10 && result; candidate++) {
        *((uint8_t *)revision_attribute + NLA_HDRLEN) = candidate;
        result = ask(fd, &message);
    }
    if (result)
        printf("no set %s of type %s: %s\n", name, type, strerror(-result));
}

static void make_account(int fd, const char *name)
{
    struct message message = begin(NFNL_SUBSYS_ACCT, NFNL_MSG_ACCT_NEW);
    append(&message, NFACCT_NAME, name, strlen(name) + 1);
    int result = ask(fd, &message);
    if (result)
        printf("no accounting object %s: %s\n", name, strerror(-result));
}

int main(void)
{
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    if (fd < 0)
        return 1;
    const int families[] = {AF_INET, AF_INET6};
    for (int i = 0; i < 2; i++) {
        char name[IPSET_MAXNAMELEN];
        int family = families[i], digit = family == AF_INET ? 4 : 6;
        snprintf(name, sizeof name, "f%dset", digit);
        make_set(fd, name, "hash:net", family, 0, IPSET_FLAG_WITH_COUNTERS);
        snprintf(name, sizeof name, "f%d set with spaces", digit);
        make_set(fd, name, "hash:net", family, 0, 0);
        snprintf(name, sizeof name, "f%dport", digit);
        make_set(fd, name, "hash:ip,port", family, 0, 0);
        snprintf(name, sizeof name, "f%dtime", digit);
        make_set(fd, name, "hash:ip,port", family, 60, 0);
        snprintf(name, sizeof name, "f%dskb", digit);
        make_set(fd, name, "hash:net", family, 0, IPSET_FLAG_WITH_SKBINFO);
    }
    make_account(fd, "http");
    make_account(fd, "two words");
    close(fd);
    return 0;
}
