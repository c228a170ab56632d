/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The names of interface indexes: rtnetlink's list of links, kept up to date by its notifications. */
#include "recorder/system/interface_names.h"

#include <errno.h>
#include <glib.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

#define NAMES_BUFFER_SIZE     32768
#define NAMES_GONE_MAX        1024 /* names kept of interfaces that are gone, or were never known */
#define NAMES_DUMP_TIMEOUT_MS 5000

struct interface_name {
    char *text;
    bool gone;
};

struct interface_names {
    struct mnl_socket *socket;
    char *prefix;
    GHashTable *names; /* index to struct interface_name */
    GQueue gone;       /* indexes, the oldest first; one may stand here more than once */
    bool dumping;      /* the list that was asked for has not ended */
    bool again;        /* and another is wanted then */
    _Alignas(struct nlmsghdr) uint8_t buffer[NAMES_BUFFER_SIZE];
};

static void name_free(gpointer pointer)
{
    struct interface_name *name = pointer;
    g_free(name->text);
    g_free(name);
}

static void name_set(const struct interface_names *names, struct interface_name *name, const char *text)
{
    g_free(name->text);
    name->text = g_strconcat(names->prefix, text, NULL);
}

static struct interface_name *find(struct interface_names *names, uint32_t index)
{
    return g_hash_table_lookup(names->names, GUINT_TO_POINTER(index));
}

static struct interface_name *find_or_add(struct interface_names *names, uint32_t index)
{
    struct interface_name *name = find(names, index);
    if (!name) {
        name = g_new0(struct interface_name, 1);
        g_hash_table_insert(names->names, GUINT_TO_POINTER(index), name);
    }
    return name;
}

static void mark_gone(struct interface_names *names, uint32_t index, struct interface_name *name)
{
    if (name->gone)
        return;
    name->gone = true;
    g_queue_push_tail(&names->gone, GUINT_TO_POINTER(index));
    while (names->gone.length > NAMES_GONE_MAX) {
        uint32_t oldest = GPOINTER_TO_UINT(g_queue_pop_head(&names->gone));
        struct interface_name *old = find(names, oldest);
        if (old && old->gone)
            g_hash_table_remove(names->names, GUINT_TO_POINTER(oldest));
    }
}

static int take_name(const struct nlattr *attribute, void *data)
{
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        *(const char **)data = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

static void take_link(struct interface_names *names, const struct nlmsghdr *header)
{
    const char *text = NULL;
    if ((header->nlmsg_type != RTM_NEWLINK && header->nlmsg_type != RTM_DELLINK) ||
        mnl_nlmsg_get_payload_len(header) < sizeof(struct ifinfomsg))
        return;
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
    uint32_t index = (uint32_t)link->ifi_index;
    mnl_attr_parse(header, sizeof *link, take_name, &text);
    if (header->nlmsg_type == RTM_NEWLINK && text) {
        struct interface_name *name = find_or_add(names, index);
        name_set(names, name, text);
        name->gone = false;
    } else if (header->nlmsg_type == RTM_DELLINK && link->ifi_family == AF_UNSPEC) {
        /* Of another family it is a bridge that loses a port, not a link that goes. */
        struct interface_name *name = find(names, index);
        if (name)
            mark_gone(names, index, name);
    }
}

static int request_all(struct interface_names *names)
{
    _Alignas(struct nlmsghdr) uint8_t buffer[256];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = RTM_GETLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(header, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    mnl_attr_put_u32(header, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if (mnl_socket_sendto(names->socket, header, header->nlmsg_len) < 0)
        return -errno;
    names->dumping = true;
    return 0;
}

static void request_again(struct interface_names *names)
{
    /* While one list is being sent the kernel refuses to begin another. */
    names->again = names->dumping;
    if (!names->dumping)
        request_all(names);
}

static void take_datagram(struct interface_names *names, size_t length)
{
    int rest = (int)length;
    for (const struct nlmsghdr *header = (const void *)names->buffer; mnl_nlmsg_ok(header, rest);
         header = mnl_nlmsg_next(header, &rest)) {
        take_link(names, header);
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR) {
            names->dumping = false;
            if (names->again)
                request_again(names);
        }
    }
}

/* Reads one datagram. False where there was none. */
static bool read_some(struct interface_names *names)
{
    ssize_t length = mnl_socket_recvfrom(names->socket, names->buffer, sizeof names->buffer);
    if (length >= 0)
        take_datagram(names, (size_t)length);
    else if (errno == ENOBUFS)
        request_again(names); /* notifications were lost: ask for everything */
    return length >= 0 || errno == ENOBUFS || errno == EINTR || errno == ENOSPC;
}

static int read_all(struct interface_names *names, struct error *error)
{
    int ret = request_all(names);
    if (ret < 0)
        return error_set(error, -ret, "asking the kernel for its interfaces failed: %s", g_strerror(-ret));
    while (names->dumping) {
        struct pollfd wait = {.fd = mnl_socket_get_fd(names->socket), .events = POLLIN};
        if (poll(&wait, 1, NAMES_DUMP_TIMEOUT_MS) == 0)
            return error_set(error, ETIMEDOUT, "the kernel's list of interfaces did not arrive within %d ms",
                             NAMES_DUMP_TIMEOUT_MS);
        read_some(names);
    }
    return 0;
}

int interface_names_open(struct interface_names **ret_names, const char *netns, struct error *error)
{
    struct interface_names *names = g_new0(struct interface_names, 1);
    names->prefix = netns ? g_strconcat(netns, "/", NULL) : g_strdup("");
    names->names = g_hash_table_new_full(NULL, NULL, NULL, name_free);
    names->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int ret;
    if (!names->socket || mnl_socket_bind(names->socket, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
        ret = error_set(error, errno, "opening a routing socket failed: %s", g_strerror(errno));
    else
        ret = read_all(names, error);
    if (ret < 0) {
        interface_names_close(names);
        return ret;
    }
    *ret_names = names;
    return 0;
}

void interface_names_close(struct interface_names *names)
{
    if (!names)
        return;
    if (names->socket)
        mnl_socket_close(names->socket);
    g_hash_table_destroy(names->names);
    g_queue_clear(&names->gone);
    g_free(names->prefix);
    g_free(names);
}

void interface_names_update(struct interface_names *names)
{
    while (read_some(names))
        continue;
}

struct bytes interface_names_get(struct interface_names *names, uint32_t index)
{
    struct interface_name *name = find(names, index);
    if (!name) {
        interface_names_update(names);
        name = find(names, index);
    }
    if (!name) {
        /* Remembered, so that the kernel is not asked again for each message; news of a link replace it. */
        name = find_or_add(names, index);
        g_autofree char *text = g_strdup_printf("if%u", index);
        name_set(names, name, text);
        mark_gone(names, index, name);
    }
    return (struct bytes){(const uint8_t *)name->text, strlen(name->text)};
}
