/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket that NFLOG group 0 is bound to: its opening, and what the kernel says of it. */
#ifndef IPTRACE_LEGACY_NFLOG_NFLOG_SOCKET_H
#define IPTRACE_LEGACY_NFLOG_NFLOG_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/legacy/nflog/nflog_source.h"

#define NFLOG_GROUP                                                                                          \
    0 /* where the kernel sends TRACE messages: default_loginfo in net/netfilter/nfnetlink_log.c */
#define NFLOG_DATAGRAM_MAX ((size_t)128 * 1024)

struct nflog_socket {
    struct mnl_socket *netlink;
    int fd;
    uint32_t buffer; /* bytes, as SO_RCVBUF takes them: the kernel doubles it for its own overhead */
    uint32_t asked;  /* questions put to the kernel */
    /* Messages that came while the socket was being set up were passed over; the next has this number. */
    bool has_sequence;
    uint32_t next_sequence;
};

/* Bound, without blocking, one message a datagram. */
int nflog_socket_open(struct nflog_socket *ret_socket, const struct nflog_options *options,
                      struct error *error);
void nflog_socket_close(struct nflog_socket *socket);

/* Many datagrams by one system call, which on some (virtual) machines costs more than all that is done with a
 * message. */
#define NFLOG_BATCH_MAX 32

struct nflog_batch;

struct nflog_batch *nflog_batch_new(void);
void nflog_batch_free(struct nflog_batch *batch);

/* The next datagrams; how many, at least one. Not asked whose they are: besides the kernel only a process
 * with CAP_NET_ADMIN can send to us, and such a one could as well make the kernel send what it likes. -EAGAIN
 * where there is none. */
int nflog_socket_receive_batch(struct nflog_socket *socket, struct nflog_batch *batch);

/* One of them, valid until the next call. False where it did not fit. */
bool nflog_batch_get(const struct nflog_batch *batch, int index, struct bytes *ret_datagram);

/* Datagrams that the socket could not hold, counted modulo 2^32; false where the kernel does not say. */
bool nflog_socket_drops(const struct nflog_socket *socket, uint32_t *ret_drops);

#endif
