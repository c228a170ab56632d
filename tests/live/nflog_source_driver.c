/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* For nflog_source.sh: reads TRACE messages as the recorder does and prints the counts, or sends packets.
 *
 *     nflog_source_driver receive BUFFER [hold]   until standard input ends; `hold`: read nothing before
 *     nflog_source_driver send ADDRESS COUNT      UDP to port 9 of ADDRESS, at full speed
 */
#include <arpa/inet.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "recorder/legacy/nflog/nflog_source.h"

struct counts {
    uint64_t events, number, lost_before, lost_told, foreign, in_lo, out_lo, unnamed, bytes;
    bool disordered;
};

static void take_event(void *user, const struct event *event)
{
    struct counts *counts = user;
    counts->events++;
    counts->lost_before += event->lost_before;
    counts->disordered |= event->message.number <= counts->number;
    counts->number = event->message.number;
    counts->in_lo += bytes_equal(event->in, BYTES("lo"));
    counts->out_lo += bytes_equal(event->out, BYTES("lo"));
    counts->unnamed += event->in.length == 0 && event->out.length == 0;
    counts->bytes += event->message.attribute[MESSAGE_PAYLOAD].length;
}

static void take_lost(void *user, uint64_t count)
{
    ((struct counts *)user)->lost_told += count;
}

static void take_foreign(void *user, struct bytes prefix)
{
    ((struct counts *)user)->foreign += bytes_equal(prefix, BYTES("a user's"));
}

static int drain_all(struct source *source, const struct source_sink *sink)
{
    struct error error;
    int state;
    while ((state = source->ops->drain(source, sink, &error)) == SOURCE_MORE)
        continue;
    if (state < 0)
        fprintf(stderr, "%s\n", error.text);
    return state;
}

static uint64_t cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static int receive(uint32_t buffer, bool hold)
{
    const struct nflog_options options = {.copy_range = 256, .buffer_size = buffer};
    const struct timespec nap = {.tv_nsec = 1000000};
    struct source *source;
    struct error error;
    struct counts counts = {0};
    struct source_sink sink = {take_event, take_lost, take_foreign, NULL, &counts};
    struct source_stats stats;
    if (nflog_source_open(&source, &options, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    /* All that is privileged is done. */
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
        return 1;
    printf("ready buffer=%" PRIu32 "\n", nflog_source_buffer(source));
    fflush(stdout);
    uint64_t begin_us = cpu_us();
    struct pollfd wait[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        { source->ops->fd(source),            POLLIN,                0}
    };
    while (poll(wait, hold ? 1 : 2, -1) >= 0 && wait[0].revents == 0) {
        drain_all(source, &sink);
        nanosleep(&nap, NULL);
    }
    if (drain_all(source, &sink) < 0)
        return 1;
    uint64_t spent_us = cpu_us() - begin_us;
    source->ops->stats(source, &stats);
    printf("messages=%" PRIu64 " events=%" PRIu64 " foreign=%" PRIu64 " users=%" PRIu64 " lost=%" PRIu64
           " lost_before=%" PRIu64 " lost_told=%" PRIu64 " malformed=%" PRIu64 " last=%" PRIu64
           " ordered=%d in_lo=%" PRIu64 " out_lo=%" PRIu64 " unnamed=%" PRIu64 " cpu_us=%" PRIu64 "\n",
           stats.messages, counts.events, stats.foreign, counts.foreign, stats.lost, counts.lost_before,
           counts.lost_told, stats.malformed, counts.number, !counts.disordered, counts.in_lo, counts.out_lo,
           counts.unnamed, spent_us);
    source->ops->close(source);
    return 0;
}

static int send_packets(const char *address, unsigned long count)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    bool six = inet_pton(AF_INET6, address, &to6.sin6_addr) == 1;
    if (!six && inet_pton(AF_INET, address, &to.sin_addr) != 1)
        return 2;
    int fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (unsigned long i = 0; i < count;
         i++) /* ICMP's "port unreachable" comes back as an error: no matter */
        sendto(fd, &i, sizeof i, 0, six ? (struct sockaddr *)&to6 : (struct sockaddr *)&to,
               six ? sizeof to6 : sizeof to);
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "receive") == 0)
        return receive((uint32_t)strtoul(argv[2], NULL, 10), argc > 3);
    if (argc == 4 && strcmp(argv[1], "send") == 0)
        return send_packets(argv[2], strtoul(argv[3], NULL, 10));
    fprintf(stderr, "usage: nflog_source_driver receive BUFFER [hold] | send ADDRESS COUNT\n");
    return 2;
}
