/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Sends datagrams that are the same to the byte, IP identification and all, from two processors at once:
 * twins SOURCE DESTINATION PORT COUNT. COUNT is of each processor. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct datagram {
    struct iphdr ip;
    struct udphdr udp;
    char payload[16];
} __attribute__((packed));

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "twins: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void make(struct datagram *datagram, char **arguments)
{
    *datagram = (struct datagram){
        .ip = {.version = 4, .ihl = 5,              .id = htons(0x1234), .ttl = 64, .protocol = IPPROTO_UDP},
        .udp = {.source = htons(5555),   .dest = htons((uint16_t)atoi(arguments[3]))},
        .payload = "iptrace:twintwi",
    };
    datagram->ip.tot_len = htons(sizeof *datagram);
    datagram->udp.len = htons(sizeof *datagram - sizeof datagram->ip);
    if (inet_pton(AF_INET, arguments[1], &datagram->ip.saddr) != 1 ||
        inet_pton(AF_INET, arguments[2], &datagram->ip.daddr) != 1) {
        errno = EINVAL;
        die("address");
    }
}

static _Noreturn void send_from(unsigned cpu, int fd, const struct datagram *datagram, unsigned count)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = datagram->ip.daddr};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die("sched_setaffinity");
    while (count > 0) {
        if (sendto(fd, datagram, sizeof *datagram, 0, (const struct sockaddr *)&to, sizeof to) >= 0)
            count--;
        else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
            die("sendto");
    }
    _exit(0);
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fputs("usage: twins SOURCE DESTINATION PORT COUNT\n", stderr);
        return 2;
    }
    struct datagram datagram;
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW), failed = 0, status;
    if (fd < 0)
        die("socket");
    make(&datagram, arguments);
    for (unsigned cpu = 0; cpu < 2; cpu++)
        if (fork() == 0)
            send_from(cpu, fd, &datagram, (unsigned)atoi(arguments[4]));
    while (wait(&status) > 0)
        failed = failed || status != 0;
    return failed;
}
