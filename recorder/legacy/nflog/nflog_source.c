/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The kernel's TRACE messages, live, from NFLOG group 0. */
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <time.h>

#include "recorder/legacy/nflog/loss.h"
#include "recorder/legacy/nflog/nflog_message.h"
#include "recorder/legacy/nflog/nflog_socket.h"
#include "recorder/legacy/nflog/nflog_source.h"
#include "recorder/legacy/walk/prefix.h"
#include "recorder/system/interface_names.h"

#define DRAIN_MAX 4096 /* messages in one call */

struct nflog_source {
    struct source source;
    struct nflog_socket socket;
    struct interface_names *names;
    char *netns;
    struct loss loss;
    struct source_stats stats;
    uint64_t number;      /* of the last message */
    uint64_t lost_before; /* lost, and not handed on yet */
    uint64_t now_ns;
    struct nflog_batch *batch;
};

static struct nflog_source *nflog_source(struct source *source)
{
    return (struct nflog_source *)source;
}

static uint64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct bytes interface_name(struct nflog_source *nflog, const struct message *message, unsigned type)
{
    uint64_t index;
    if (!message_get_uint(message, type, 0, 4, &index))
        return (struct bytes){0};
    return interface_names_get(nflog->names, (uint32_t)index);
}

static void hand_over(struct nflog_source *nflog, const struct source_sink *sink, struct event *event)
{
    nflog->number += nflog->lost_before + 1;
    nflog->stats.messages++;
    event->message.number = nflog->number;
    event->lost_before = nflog->lost_before;
    nflog->lost_before = 0;
    if (!sink->event)
        return;
    event->capture_id = 0;
    event->netns = (struct bytes){(const uint8_t *)nflog->netns, strlen(nflog->netns)};
    event->step = NULL;
    event->received_ns = nflog->now_ns;
    event->in = interface_name(nflog, &event->message, MESSAGE_IN);
    event->out = interface_name(nflog, &event->message, MESSAGE_OUT);
    event->physin = interface_name(nflog, &event->message, MESSAGE_PHYSIN);
    event->physout = interface_name(nflog, &event->message, MESSAGE_PHYSOUT);
    sink->event(sink->user, event);
}

static void take_message(struct nflog_source *nflog, const struct source_sink *sink, struct bytes body)
{
    struct event event; /* large: set piece by piece */
    struct prefix prefix;
    uint64_t sequence;
    if (!nflog_message_parse(body, false, &event.message, NULL)) {
        nflog->stats.malformed++;
        return;
    }
    if (message_get_uint(&event.message, MESSAGE_SEQ, 0, 4, &sequence))
        nflog->lost_before += loss_sequence(&nflog->loss, (uint32_t)sequence);

    struct bytes text = message_get_prefix(&event.message);
    if (prefix_parse(text, &prefix)) {
        hand_over(nflog, sink, &event);
    } else {
        nflog->stats.foreign++;
        if (sink->foreign)
            sink->foreign(sink->user, text);
    }
}

static void take_datagram(struct nflog_source *nflog, const struct source_sink *sink, struct bytes datagram)
{
    enum nflog_datagram_status status;
    struct bytes body;
    while ((status = nflog_datagram_next(&datagram, &body)) == NFLOG_DATAGRAM_MESSAGE ||
           status == NFLOG_DATAGRAM_OTHER)
        if (status == NFLOG_DATAGRAM_MESSAGE)
            take_message(nflog, sink, body);
    if (status == NFLOG_DATAGRAM_BAD)
        nflog->stats.malformed++;
}

static void take_batch(struct nflog_source *nflog, const struct source_sink *sink, int count)
{
    struct bytes datagram;
    for (int i = 0; i < count; i++) {
        if (nflog_batch_get(nflog->batch, i, &datagram))
            take_datagram(nflog, sink, datagram);
        else
            nflog->stats.malformed++;
    }
}

/* The queue is empty: what the drop counter knows beyond the gaps was lost after the last message. */
static void tell_tail(struct nflog_source *nflog, const struct source_sink *sink)
{
    uint32_t drops;
    if (nflog_socket_drops(&nflog->socket, &drops))
        nflog->lost_before += loss_drops(&nflog->loss, drops);
    if (nflog->lost_before == 0)
        return;
    if (sink->lost)
        sink->lost(sink->user, nflog->lost_before);
    nflog->number += nflog->lost_before;
    nflog->lost_before = 0;
}

static int nflog_drain(struct source *source, const struct source_sink *sink, struct error *error)
{
    struct nflog_source *nflog = nflog_source(source);
    interface_names_update(nflog->names);
    for (unsigned i = 0; i < DRAIN_MAX / NFLOG_BATCH_MAX; i++) {
        int count = nflog_socket_receive_batch(&nflog->socket, nflog->batch);
        nflog->now_ns = clock_now_ns();
        if (count == -EAGAIN) {
            tell_tail(nflog, sink);
            return SOURCE_WAIT;
        }
        if (count == -EINTR || count == -ENOBUFS)
            continue;
        if (count < 0)
            return error_set(error, -count, "reading TRACE messages failed: %s", g_strerror(-count));
        take_batch(nflog, sink, count);
    }
    return SOURCE_MORE;
}

static int nflog_fd(const struct source *source)
{
    return ((const struct nflog_source *)source)->socket.fd;
}

static void nflog_stats(struct source *source, struct source_stats *ret_stats)
{
    struct nflog_source *nflog = nflog_source(source);
    uint32_t drops;
    if (nflog_socket_drops(&nflog->socket, &drops))
        loss_note_drops(&nflog->loss, drops);
    nflog->stats.lost = loss_total(&nflog->loss);
    *ret_stats = nflog->stats;
}

static double nflog_progress(const struct source *source)
{
    (void)source;
    return -1;
}

static void nflog_close(struct source *source)
{
    struct nflog_source *nflog = nflog_source(source);
    interface_names_close(nflog->names);
    nflog_socket_close(&nflog->socket);
    nflog_batch_free(nflog->batch);
    g_free(nflog->netns);
    g_free(nflog);
}

static const struct source_ops nflog_ops = {
    .name = "nflog",
    .drain = nflog_drain,
    .fd = nflog_fd,
    .stats = nflog_stats,
    .progress = nflog_progress,
    .close = nflog_close,
};

int nflog_source_open(struct source **ret_source, const struct nflog_options *options, struct error *error)
{
    struct nflog_source *nflog = g_new0(struct nflog_source, 1);
    nflog->source.ops = &nflog_ops;
    nflog->socket.fd = -1;
    nflog->netns = g_strdup(options->netns ? options->netns : "");
    nflog->batch = nflog_batch_new();
    int ret = nflog_socket_open(&nflog->socket, options, error);
    if (ret == 0)
        ret = interface_names_open(&nflog->names, options->netns, error);
    if (ret < 0) {
        nflog_close(&nflog->source);
        return ret;
    }
    /* The kernel counts a new binding from 0. */
    nflog->loss.has_sequence = true;
    nflog->loss.next_sequence = nflog->socket.has_sequence ? nflog->socket.next_sequence : 0;
    nflog_socket_drops(&nflog->socket, &nflog->loss.last_drops);
    *ret_source = &nflog->source;
    return 0;
}

uint32_t nflog_source_buffer(const struct source *source)
{
    return ((const struct nflog_source *)source)->socket.buffer;
}
