/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Both ends of the test of the live view:
 *   live_view_driver send ADDRESS PORT COUNT MICROSECONDS   UDP packets, that far apart
 *   live_view_driver read [SKIPPED-MS]                      pcapng on standard input, to its end
 * The reader says how many packets came, and how late: from the packet's time to the moment at which its
 * block was read from the pipe, less SKIPPED-MS. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK_PACKET 6
#define BLOCK_CUSTOM 0xBAD
#define BLOCK_MAX    262144

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Exactly so much; false at the end. Every block is read as soon as it is there. */
static bool read_all(uint8_t *data, size_t length)
{
    while (length > 0) {
        ssize_t count = read(STDIN_FILENO, data, length);
        if (count <= 0)
            return false;
        data += count;
        length -= (size_t)count;
    }
    return true;
}

static uint32_t number(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static int read_packets(double skipped_ms)
{
    static uint8_t block[BLOCK_MAX];
    size_t packets = 0, customs = 0, capacity = 0;
    double *delays_ms = NULL;
    while (read_all(block, 8)) {
        uint32_t type = number(block), length = number(block + 4);
        if (length < 12 || length > BLOCK_MAX || !read_all(block + 8, length - 8)) {
            printf("damage: a block of type %u and %u bytes\n", type, length);
            free(delays_ms);
            return 1;
        }
        customs += type == BLOCK_CUSTOM;
        if (type != BLOCK_PACKET)
            continue;
        uint64_t time_ns = (uint64_t)number(block + 12) << 32 | number(block + 16);
        if (packets == capacity) {
            capacity = capacity * 2 + 1024;
            double *more = realloc(delays_ms, capacity * sizeof *delays_ms);
            if (!more)
                abort();
            delays_ms = more;
        }
        delays_ms[packets++] = (double)(int64_t)(now_ns() - time_ns) / 1e6 - skipped_ms;
    }
    if (packets > 0) {
        qsort(delays_ms, packets, sizeof *delays_ms, compare);
        printf("packets=%zu customs=%zu median_ms=%.1f p99_ms=%.1f max_ms=%.1f max_whole_ms=%.0f\n", packets,
               customs, delays_ms[packets / 2], delays_ms[packets * 99 / 100], delays_ms[packets - 1],
               delays_ms[packets - 1]);
    } else {
        printf("packets=0 customs=%zu max_whole_ms=0\n", customs);
    }
    free(delays_ms);
    return 0;
}

static int send_packets(const char *address, int port, long count, long interval_us)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
        return 1;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (long i = 0; i < count; i++) {
        (void)sendto(fd, &i, sizeof i, 0, (struct sockaddr *)&to, sizeof to);
        next.tv_nsec += interval_us * 1000;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    close(fd);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "send") == 0)
        return send_packets(argv[2], atoi(argv[3]), atol(argv[4]), atol(argv[5]));
    if (argc >= 2 && strcmp(argv[1], "read") == 0)
        return read_packets(argc > 2 ? atof(argv[2]) : 0);
    fputs("usage: live_view_driver send ADDRESS PORT COUNT MICROSECONDS | read [SKIPPED-MS]\n", stderr);
    return 2;
}
