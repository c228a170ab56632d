/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A program behind NFQUEUE that takes its time: slow_queue QUEUE COUNT SECONDS keeps the first COUNT packets
 * of the queue for so long after the last of them came, and then accepts them. Says "ready" when it listens.
 * Messages: linux/netfilter/nfnetlink_queue.h. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PACKETS_MAX 1024

static char buffer[65536 + 4096];

static struct nlmsghdr *begin(unsigned type, uint16_t queue)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
    header->nlmsg_flags = NLM_F_REQUEST;
    struct nfgenmsg *family = mnl_nlmsg_put_extra_header(header, sizeof *family);
    *family = (struct nfgenmsg){.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(queue)};
    return header;
}

static void say(struct mnl_socket *socket, const struct nlmsghdr *header)
{
    if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0) {
        perror("slow_queue");
        exit(1);
    }
}

static int take(const struct nlmsghdr *header, void *data)
{
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, header, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) == NFQA_PACKET_HDR) {
            const struct nfqnl_msg_packet_hdr *packet = mnl_attr_get_payload(attribute);
            *(uint32_t *)data = packet->packet_id;
        }
    }
    return MNL_CB_OK;
}

static struct mnl_socket *listen_to(uint16_t queue)
{
    struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
    if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        perror("slow_queue");
        exit(1);
    }
    struct nlmsghdr *header = begin(NFQNL_MSG_CONFIG, queue);
    const struct nfqnl_msg_config_cmd bind = {.command = NFQNL_CFG_CMD_BIND, .pf = htons(AF_INET)};
    mnl_attr_put(header, NFQA_CFG_CMD, sizeof bind, &bind);
    say(socket, header);
    header = begin(NFQNL_MSG_CONFIG, queue);
    const struct nfqnl_msg_config_params params = {.copy_range = htonl(0), .copy_mode = NFQNL_COPY_META};
    mnl_attr_put(header, NFQA_CFG_PARAMS, sizeof params, &params);
    say(socket, header);
    return socket;
}

int main(int argc, char **argv)
{
    static uint32_t ids[PACKETS_MAX];
    if (argc != 4 || atoi(argv[2]) > PACKETS_MAX) {
        fputs("usage: slow_queue QUEUE COUNT SECONDS\n", stderr);
        return 2;
    }
    uint16_t queue = (uint16_t)atoi(argv[1]);
    int count = atoi(argv[2]);
    struct mnl_socket *socket = listen_to(queue);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < count;) {
        ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        if (length < 0 || mnl_cb_run(buffer, (size_t)length, 0, 0, take, &ids[i]) < 0) {
            perror("slow_queue");
            return 1;
        }
        i++;
    }
    sleep((unsigned)atoi(argv[3]));
    for (int i = 0; i < count; i++) {
        const struct nfqnl_msg_verdict_hdr verdict = {.verdict = htonl(NF_ACCEPT), .id = htonl(0)};
        struct nlmsghdr *header = begin(NFQNL_MSG_VERDICT, queue);
        struct nlattr *attribute = mnl_nlmsg_get_payload_tail(header);
        mnl_attr_put(header, NFQA_VERDICT_HDR, sizeof verdict, &verdict);
        ((struct nfqnl_msg_verdict_hdr *)mnl_attr_get_payload(attribute))->id = ids[i];
        say(socket, header);
    }
    pause();
    return 0;
}
