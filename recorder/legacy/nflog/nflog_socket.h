/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The socket that is bound to NFLOG group 0: opening it, receiving from it, and what the kernel reports about
 * it. */
#ifndef IPTRACE_LEGACY_NFLOG_NFLOG_SOCKET_H
#define IPTRACE_LEGACY_NFLOG_NFLOG_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#include "recorder/legacy/nflog/nflog_source.h"

#define NFLOG_GROUP        0 /* for TRACE messages: default_loginfo in net/netfilter/nfnetlink_log.c */
#define NFLOG_DATAGRAM_MAX ((size_t)128 * 1024)

struct nflog_socket {
    struct mnl_socket *netlink;
    int fd;
    uint32_t buffer; /* bytes, as SO_RCVBUF takes them: the kernel doubles it for its own overhead */
    uint32_t asked;  /* requests made to the kernel */
    /* Messages that came while the socket was being set up were skipped; the next has this number. */
    bool has_sequence;
    uint32_t next_sequence;
};

/* Opens and binds the socket: non-blocking, with one message per datagram. */
int nflog_socket_open(struct nflog_socket *ret_socket, const struct nflog_options *options,
                      struct error *error);
void nflog_socket_close(struct nflog_socket *socket);

/* Many datagrams per system call, which on some (virtual) machines costs more than all the processing of a
 * message. */
#define NFLOG_BATCH_MAX 32

struct nflog_batch;

struct nflog_batch *nflog_batch_new(void);
void nflog_batch_free(struct nflog_batch *batch);

/* Receives the next datagrams and returns how many, at least one; -EAGAIN if there is none. Their sender is
 * not checked: besides the kernel, only a process with CAP_NET_ADMIN can send to us, and that could just as
 * well make the kernel send whatever it likes. */
int nflog_socket_receive_batch(struct nflog_socket *socket, struct nflog_batch *batch);

/* One of them, valid until the next call. False if it was too long for the buffer. */
bool nflog_batch_get(const struct nflog_batch *batch, int index, struct bytes *ret_datagram);

/* The number of datagrams that the socket had to drop, modulo 2^32; false if the kernel does not tell. */
bool nflog_socket_drops(const struct nflog_socket *socket, uint32_t *ret_drops);

#endif
