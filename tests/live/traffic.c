/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Sends datagrams that can be told apart: traffic [options] ADDRESS PORT COUNT.
 *
 * Each carries "iptrace:" and an id of 64 bits, big endian, that counts up from --id. Says how many were
 * sent. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS_MAX 512

static const struct option long_options[] = {
    {"id",      required_argument, NULL, 'i'}, /* of the first datagram; 0 unless told */
    {"ports",   required_argument, NULL, 'p'}, /* destination ports PORT … PORT + N - 1 in turn */
    {"sources", required_argument, NULL, 's'}, /* source ports, in turn */
    {"size",    required_argument, NULL, 'z'}, /* bytes of payload, 16 or more */
    {"cpu",     required_argument, NULL, 'c'}, /* to run on */
    {NULL,      0,                 NULL, 0  },
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
    exit(1);
}

static socklen_t make_address(const char *text, unsigned port, struct sockaddr_storage *address)
{
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)port);
        return sizeof *in;
    }
    if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons((uint16_t)port);
        return sizeof *in6;
    }
    errno = EINVAL;
    die(text);
}

static void run_on(unsigned cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die("--cpu");
}

int main(int argc, char **argv)
{
    uint64_t id = 0;
    unsigned ports = 1, sources = 1;
    size_t size = 16;
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 'i':
            id = strtoull(optarg, NULL, 0);
            break;
        case 'p':
            ports = (unsigned)atoi(optarg);
            break;
        case 's':
            sources = (unsigned)atoi(optarg);
            break;
        case 'z':
            size = (size_t)atoi(optarg);
            break;
        case 'c':
            run_on((unsigned)atoi(optarg));
            break;
        default:
            return 2;
        }
    }
    if (argc - optind != 3 || ports == 0 || sources == 0 || sources > SOCKETS_MAX || size < 16 ||
        size > 65000) {
        fputs("usage: traffic [options] ADDRESS PORT COUNT\n", stderr);
        return 2;
    }
    unsigned port = (unsigned)atoi(argv[optind + 1]);
    uint64_t count = strtoull(argv[optind + 2], NULL, 0);

    struct sockaddr_storage address;
    socklen_t length = make_address(argv[optind], port, &address);
    int sockets[SOCKETS_MAX] = {-1};
    for (unsigned i = 0; i < sources; i++)
        if ((sockets[i] = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
            die("socket");

    static uint8_t payload[65000] = "iptrace:";
    for (uint64_t i = 0; i < count; i++, id++) {
        for (unsigned byte = 0; byte < 8; byte++)
            payload[8 + byte] = (uint8_t)(id >> (56 - 8 * byte));
        make_address(argv[optind], port + (unsigned)(i % ports), &address);
        while (sendto(sockets[i % sources], payload, size, 0, (struct sockaddr *)&address, length) < 0) {
            if (errno == EPERM) /* dropped on its way out: sent all the same */
                break;
            if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
                die("sendto");
            usleep(100);
        }
    }
    printf("%llu\n", (unsigned long long)count);
    return 0;
}
