/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The socket that is bound to NFLOG group 0. */
#include "recorder/legacy/nflog/nflog_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_log/libnetfilter_log.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/nflog/group_holder.h"
#include "recorder/legacy/nflog/nflog_message.h"

#define ANSWER_TIMEOUT_MS 5000

static int open_error(int err, struct error *error)
{
    struct group_holder holder;
    if (err == EPERM && group_holder_find(NFLOG_GROUP, &holder)) {
        if (holder.pid > 0)
            return error_set(error, EBUSY,
                             "NFLOG group %d, where the kernel sends TRACE messages, is held by process %ld "
                             "(%s): only one process can bind to it",
                             NFLOG_GROUP, (long)holder.pid, holder.command);
        return error_set(
            error, EBUSY,
            "NFLOG group %d, where the kernel sends TRACE messages, is held by the netlink socket with port "
            "id %u of a process that cannot be seen from here: only one process can bind to it",
            NFLOG_GROUP, holder.port_id);
    }
    if (err == EPERM || err == EACCES)
        return error_set(error, EPERM,
                         "receiving TRACE messages needs the capability CAP_NET_ADMIN in this network "
                         "namespace: run as root");
    if (err == EPROTONOSUPPORT || err == EINVAL || err == EOPNOTSUPP)
        return error_set(
            error, EOPNOTSUPP,
            "this kernel has no NFLOG (module nfnetlink_log), through which TRACE messages are sent");
    return error_set(error, err, "binding NFLOG group %d failed: %s", NFLOG_GROUP, g_strerror(err));
}

/* A message of the group that came too early: all that matters is its number. */
static void pass_over(struct nflog_socket *socket, const struct nlmsghdr *header)
{
    struct bytes body = {mnl_nlmsg_get_payload(header), mnl_nlmsg_get_payload_len(header)};
    struct message message;
    uint64_t sequence;
    if (nflog_message_parse(body, false, &message, NULL) &&
        message_get_uint(&message, MESSAGE_SEQ, 0, 4, &sequence)) {
        socket->has_sequence = true;
        socket->next_sequence = (uint32_t)sequence + 1;
    }
}

/* Looks for the answer to `request` in a datagram. 1: not there; else the answer, 0 or a negative errno. */
static int look_for_answer(struct nflog_socket *socket, const struct nlmsghdr *request, const void *datagram,
                           ssize_t length)
{
    int rest = (int)length;
    for (const struct nlmsghdr *header = datagram; mnl_nlmsg_ok(header, rest);
         header = mnl_nlmsg_next(header, &rest)) {
        if (header->nlmsg_type == NLMSG_ERROR && header->nlmsg_seq == request->nlmsg_seq &&
            mnl_nlmsg_get_payload_len(header) >= sizeof(struct nlmsgerr))
            return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(header))->error;
        if (header->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
            pass_over(socket, header);
    }
    return 1;
}

/* The next datagram. Not asked whose it is: besides the kernel only a process with CAP_NET_ADMIN can send to
 * us, and such a one could as well make the kernel send what it likes. -EAGAIN where there is none, -EMSGSIZE
 * where it did not fit. */
static ssize_t receive(struct nflog_socket *socket, uint8_t *buffer, size_t size)
{
    ssize_t length = recv(socket->fd, buffer, size, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0)
        return -errno;
    return (size_t)length > size ? -EMSGSIZE : length;
}

/* `buffer` has room for a datagram. */
static int wait_for_answer(struct nflog_socket *socket, const struct nlmsghdr *request, uint8_t *buffer)
{
    for (;;) {
        struct pollfd wait = {.fd = socket->fd, .events = POLLIN};
        if (poll(&wait, 1, ANSWER_TIMEOUT_MS) == 0)
            return -ETIMEDOUT;
        ssize_t length = receive(socket, buffer, NFLOG_DATAGRAM_MAX);
        if (length == -EAGAIN || length == -EINTR || length == -ENOBUFS || length == -EMSGSIZE)
            continue;
        if (length < 0)
            return (int)length;
        int answer = look_for_answer(socket, request, buffer, length);
        if (answer <= 0)
            return answer;
    }
}

static int ask(struct nflog_socket *socket, struct nlmsghdr *request)
{
    request->nlmsg_flags |= NLM_F_ACK;
    request->nlmsg_seq = ++socket->asked;
    if (mnl_socket_sendto(socket->netlink, request, request->nlmsg_len) < 0)
        return -errno;
    uint8_t *buffer = g_malloc(NFLOG_DATAGRAM_MAX);
    int answer = wait_for_answer(socket, request, buffer);
    g_free(buffer);
    return answer;
}

static struct nlmsghdr *put_header(uint8_t *buffer)
{
    memset(buffer, 0, MNL_NLMSG_HDRLEN);
    return nflog_nlmsg_put_header((char *)buffer, NFULNL_MSG_CONFIG, AF_UNSPEC, NFLOG_GROUP);
}

/* In one message, so that nothing comes in between. The kernel sends TRACE messages one a datagram whatever
 * the threshold is; with 1 so do foreign messages, and dropped datagrams are lost messages. */
static int bind_group(struct nflog_socket *socket, uint32_t copy_range)
{
    _Alignas(struct nlmsghdr) uint8_t buffer[256];
    struct nlmsghdr *request = put_header(buffer);
    nflog_attr_put_cfg_cmd(request, NFULNL_CFG_CMD_BIND);
    nflog_attr_put_cfg_mode(request, NFULNL_COPY_PACKET, copy_range);
    mnl_attr_put_u32(request, NFULA_CFG_QTHRESH, htonl(1));
    mnl_attr_put_u16(request, NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ | NFULNL_CFG_F_SEQ_GLOBAL));
    return ask(socket, request);
}

/* Refused where the kernel lacks the glue to conntrack: then messages say nothing of it. */
static void want_conntrack(struct nflog_socket *socket)
{
    _Alignas(struct nlmsghdr) uint8_t buffer[256];
    struct nlmsghdr *request = put_header(buffer);
    mnl_attr_put_u16(request, NFULA_CFG_FLAGS,
                     htons(NFULNL_CFG_F_SEQ | NFULNL_CFG_F_SEQ_GLOBAL | NFULNL_CFG_F_CONNTRACK));
    ask(socket, request);
}

static uint32_t set_buffer(int fd, uint32_t wanted)
{
    int size = wanted < INT32_MAX / 2 ? (int)wanted : INT32_MAX / 2;
    socklen_t length = sizeof size;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0)
        return 0;
    return (uint32_t)size / 2;
}

int nflog_socket_open(struct nflog_socket *ret_socket, const struct nflog_options *options,
                      struct error *error)
{
    struct nflog_socket opened = {.fd = -1};
    opened.netlink = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!opened.netlink)
        return open_error(errno, error);
    opened.fd = mnl_socket_get_fd(opened.netlink);
    int ret = mnl_socket_bind(opened.netlink, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
    if (ret == 0) {
        const int on = 1;
        /* A reader that is told of each overflow spends time on that which it needs to catch up. */
        setsockopt(opened.fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &on, sizeof on);
        opened.buffer = set_buffer(opened.fd, options->buffer_size);
        ret = bind_group(&opened, options->copy_range);
    }
    if (ret < 0) {
        ret = open_error(-ret, error);
        nflog_socket_close(&opened);
        return ret;
    }
    want_conntrack(&opened);
    *ret_socket = opened;
    return 0;
}

void nflog_socket_close(struct nflog_socket *socket)
{
    if (socket->netlink)
        mnl_socket_close(socket->netlink);
    *socket = (struct nflog_socket){.fd = -1};
}

/* Not a multiple of a page: else the beginnings of all buffers would share a few lines of the cache. */
#define BATCH_STRIDE (NFLOG_DATAGRAM_MAX + (size_t)17 * 64)

struct nflog_batch {
    struct mmsghdr headers[NFLOG_BATCH_MAX];
    struct iovec places[NFLOG_BATCH_MAX];
    uint8_t *buffers; /* of what is never filled the kernel gives no memory */
};

struct nflog_batch *nflog_batch_new(void)
{
    struct nflog_batch *batch = g_new0(struct nflog_batch, 1);
    batch->buffers = g_malloc((size_t)NFLOG_BATCH_MAX * BATCH_STRIDE);
    for (size_t i = 0; i < NFLOG_BATCH_MAX; i++) {
        batch->places[i] = (struct iovec){batch->buffers + i * BATCH_STRIDE, NFLOG_DATAGRAM_MAX};
        batch->headers[i].msg_hdr = (struct msghdr){.msg_iov = &batch->places[i], .msg_iovlen = 1};
    }
    return batch;
}

void nflog_batch_free(struct nflog_batch *batch)
{
    if (!batch)
        return;
    g_free(batch->buffers);
    g_free(batch);
}

int nflog_socket_receive_batch(struct nflog_socket *socket, struct nflog_batch *batch)
{
    int count = recvmmsg(socket->fd, batch->headers, NFLOG_BATCH_MAX, MSG_DONTWAIT, NULL);
    return count < 0 ? -errno : count;
}

bool nflog_batch_get(const struct nflog_batch *batch, int index, struct bytes *ret_datagram)
{
    const struct mmsghdr *header = &batch->headers[index];
    *ret_datagram = (struct bytes){batch->places[index].iov_base, header->msg_len};
    return !(header->msg_hdr.msg_flags & MSG_TRUNC);
}

bool nflog_socket_drops(const struct nflog_socket *socket, uint32_t *ret_drops)
{
    uint32_t memory[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof memory;
    if (getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0 ||
        length <= SK_MEMINFO_DROPS * sizeof *memory)
        return false;
    *ret_drops = memory[SK_MEMINFO_DROPS];
    return true;
}
