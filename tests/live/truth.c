/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Who arrives? truth PORT COUNT INTERVAL_US: sends COUNT datagrams over loopback to PORT and PORT + 1 in
 * turn, one every INTERVAL_US, and listens there. Each bears its number, 8 hexadecimal digits. Prints the
 * payloads of those that arrived, in hexadecimal as tshark does, a line each; what was dropped is all the
 * rest. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS    2
#define LINGER_S 1 /* after the last was sent */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "truth: %s: %s\n", what, strerror(errno));
    exit(1);
}

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void print_arrived(struct pollfd *fds)
{
    char number[8];
    for (unsigned i = 0; i < PORTS; i++)
        while (recv(fds[i].fd, number, sizeof number, MSG_DONTWAIT) == sizeof number)
            for (unsigned byte = 0; byte < sizeof number; byte++)
                printf("%02x%s", (unsigned char)number[byte], byte + 1 < sizeof number ? "" : "\n");
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: truth PORT COUNT INTERVAL_US\n", stderr);
        return 2;
    }
    unsigned port = (unsigned)atoi(argv[1]), count = (unsigned)atoi(argv[2]);
    long interval_us = atol(argv[3]);
    struct pollfd fds[PORTS];
    for (unsigned i = 0; i < PORTS; i++) {
        struct sockaddr_in address = loopback(port + i);
        fds[i] = (struct pollfd){socket(AF_INET, SOCK_DGRAM, 0), POLLIN, 0};
        if (fds[i].fd < 0 || bind(fds[i].fd, (struct sockaddr *)&address, sizeof address) < 0)
            die("cannot listen");
    }
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    for (unsigned i = 0; i < count; i++) {
        struct sockaddr_in address = loopback(port + i % PORTS);
        char number[9];
        snprintf(number, sizeof number, "%08x", i);
        if (sendto(sender, number, 8, 0, (struct sockaddr *)&address, sizeof address) < 0 && errno != EPERM)
            die("cannot send");
        const struct timespec interval = {.tv_sec = interval_us / 1000000,
                                          .tv_nsec = interval_us % 1000000 * 1000};
        nanosleep(&interval, NULL);
        print_arrived(fds);
    }
    sleep(LINGER_S);
    print_arrived(fds);
    return 0;
}
