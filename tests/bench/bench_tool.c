/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What tests/bench/run and the fault tests need beside the shell.
 *
 *     bench_tool send ADDRESS PORT COUNT [FLOWS]   UDP at full speed; each packet says its number
 *     bench_tool same ADDRESS PORT COUNT           likewise, but all packets are equal
 *     bench_tool hold PORT…                        takes what is sent to these ports and reads nothing
 *     bench_tool measure FILE COMMAND…             runs it; FILE: CPU time and memory of all its processes
 *     bench_tool closely FILE COMMAND…             likewise, with memory looked at a hundred times a second
 *     bench_tool cpu PID                           CPU time so far of a process and all below it, in µs
 *     bench_tool tables                            bytes of all legacy IPv4 tables of this network namespace
 *     bench_tool grow IN OUT MESSAGES              an NFLOG capture repeated until it has so many
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FLOWS_MAX    256
#define PAYLOAD_SIZE 32

static int failed(const char *what)
{
    fprintf(stderr, "bench_tool: %s: %s\n", what, strerror(errno));
    return 1;
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Packets ---- */

/* One packet in ten goes to the next port, which the rules drop. */
static int send_packets(const char *address, uint16_t port, unsigned long count, unsigned flows, bool same)
{
    int sockets[FLOWS_MAX];
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
    bool six = inet_pton(AF_INET6, address, &to6.sin6_addr) == 1;
    if ((!six && inet_pton(AF_INET, address, &to.sin_addr) != 1) || flows == 0 || flows > FLOWS_MAX)
        return 2;
    for (unsigned i = 0; i < flows; i++) {
        sockets[i] = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (sockets[i] < 0)
            return failed("socket");
    }
    unsigned long refused = 0;
    uint64_t begin_us = now_us();
    for (unsigned long i = 0; i < count; i++) {
        uint8_t payload[PAYLOAD_SIZE] = {0};
        uint16_t to_port = htons((uint16_t)(port + (!same && i % 10 == 9)));
        if (!same)
            memcpy(payload, &i, sizeof i);
        to.sin_port = to6.sin6_port = to_port;
        ssize_t sent =
            sendto(sockets[i % flows], payload, sizeof payload, 0,
                   six ? (struct sockaddr *)&to6 : (struct sockaddr *)&to, six ? sizeof to6 : sizeof to);
        refused += sent < 0;
    }
    uint64_t spent_us = now_us() - begin_us;
    printf("sent=%lu refused=%lu us=%" PRIu64 "\n", count - refused, refused, spent_us);
    return 0;
}

static int hold_ports(char **ports)
{
    for (; *ports; ports++) {
        int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(*ports))};
        if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) < 0)
            return failed("bind");
    }
    printf("ready\n");
    fflush(stdout);
    pause();
    return 0;
}

/* ---- Processes ---- */

static volatile sig_atomic_t asked;

static void ask(int signal)
{
    asked = signal;
}

#define PROCESSES_MAX 64

struct process {
    pid_t pid;
    uint64_t peak_kib, anonymous_kib;
};

static struct process processes[PROCESSES_MAX];
static size_t process_count;
static uint64_t together_kib; /* the most that all took at one time */

static struct process *process_of(pid_t pid)
{
    for (size_t i = 0; i < process_count; i++)
        if (processes[i].pid == pid)
            return &processes[i];
    if (process_count == PROCESSES_MAX)
        return NULL;
    processes[process_count] = (struct process){.pid = pid};
    return &processes[process_count++];
}

static uint64_t field_of(pid_t pid, const char *file, const char *name)
{
    char path[64], line[256];
    uint64_t value = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
    FILE *stream = fopen(path, "re");
    while (stream && fgets(line, sizeof line, stream))
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtoull(line + strlen(name), NULL, 10);
    if (stream)
        fclose(stream);
    return value;
}

/* Returns what it takes now, in KiB. */
static uint64_t sample(pid_t pid)
{
    struct process *process = process_of(pid);
    if (!process)
        return 0;
    uint64_t peak = field_of(pid, "status", "VmHWM:"), anonymous = field_of(pid, "status", "RssAnon:");
    if (peak > process->peak_kib)
        process->peak_kib = peak;
    if (anonymous > process->anonymous_kib)
        process->anonymous_kib = anonymous;
    return field_of(pid, "status", "VmRSS:");
}

/* All processes that descend from `root`. A process is never older than its parent in this list of ours, but
 * /proc is in the order of numbers: hence the repetition. */
static void sample_tree(pid_t root)
{
    pid_t tree[PROCESSES_MAX] = {root};
    size_t count = 1;
    bool more = true;
    while (more) {
        more = false;
        DIR *proc = opendir("/proc");
        for (struct dirent *entry; proc && (entry = readdir(proc));) {
            pid_t pid = atoi(entry->d_name), parent;
            bool known = pid <= 0;
            for (size_t i = 0; i < count; i++)
                known = known || tree[i] == pid;
            if (known || count == PROCESSES_MAX)
                continue;
            parent = (pid_t)field_of(pid, "status", "PPid:");
            for (size_t i = 0; i < count; i++) {
                if (tree[i] != parent)
                    continue;
                tree[count++] = pid;
                more = true;
                break;
            }
        }
        if (proc)
            closedir(proc);
    }
    uint64_t now_kib = 0;
    for (size_t i = 1; i < count; i++)
        now_kib += sample(tree[i]);
    if (now_kib > together_kib)
        together_kib = now_kib;
}

/* What is running of that tree; ended processes are not counted. */
static int print_cpu(pid_t root)
{
    uint64_t spent_us = field_of(root, "schedstat", "") / 1000;
    sample_tree(root);
    for (size_t i = 0; i < process_count; i++)
        spent_us += field_of(processes[i].pid, "schedstat", "") / 1000;
    printf("%" PRIu64 "\n", spent_us);
    return 0;
}

static uint64_t us_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Those that lose their parent become our children, so that getrusage() counts them all. Signals are handed
 * on to the command; SIGUSR1 writes what is known so far. */
static int measure(const char *file, char **command, uint64_t interval_us)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t child = fork();
    if (child == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    const struct sigaction action = {.sa_handler = ask};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    uint64_t begin_us = now_us(), end_us = 0, sampled_us = 0;
    int status = 0;
    for (;;) {
        int left;
        pid_t ended = waitpid(-1, &left, WNOHANG);
        if (ended == child) {
            status = left;
            end_us = now_us();
        }
        if (ended < 0 && errno == ECHILD)
            break;
        if (ended > 0)
            continue;
        if (asked) {
            kill(child, asked);
            asked = 0;
        }
        if (now_us() - sampled_us > interval_us) {
            sample_tree(getpid());
            sampled_us = now_us();
        }
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    uint64_t peak = 0, anonymous = 0;
    for (size_t i = 0; i < process_count; i++) {
        peak += processes[i].peak_kib;
        anonymous += processes[i].anonymous_kib;
    }
    /* Of processes that were too short for a sample the kernel knows at least the largest. */
    if ((uint64_t)usage.ru_maxrss > peak)
        peak = (uint64_t)usage.ru_maxrss;
    FILE *out = fopen(file, "we");
    if (!out)
        return failed(file);
    fprintf(out,
            "cpu_us=%" PRIu64 " user_us=%" PRIu64 " system_us=%" PRIu64 " wall_us=%" PRIu64
            " processes=%zu peak_kib=%" PRIu64 " together_kib=%" PRIu64 " anonymous_kib=%" PRIu64
            " status=%d\n",
            us_of(usage.ru_utime) + us_of(usage.ru_stime), us_of(usage.ru_utime), us_of(usage.ru_stime),
            end_us - begin_us, process_count, peak, together_kib, anonymous,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    for (size_t i = 0; i < process_count; i++)
        fprintf(out, "process %d: peak %" PRIu64 " KiB, anonymous %" PRIu64 " KiB\n", (int)processes[i].pid,
                processes[i].peak_kib, processes[i].anonymous_kib);
    fclose(out);
    return 0;
}

/* ---- Tables ---- */

/* As the kernel holds them: what GET_INFO says of each that exists. */
static int print_tables(void)
{
    FILE *names = fopen("/proc/net/ip_tables_names", "re");
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (!names || fd < 0)
        return failed("tables");
    uint64_t sum = 0;
    struct ipt_getinfo info;
    while (fscanf(names, "%31s", info.name) == 1) {
        socklen_t length = sizeof info;
        if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length) == 0)
            sum += info.size;
    }
    printf("%" PRIu64 "\n", sum);
    close(fd);
    fclose(names);
    return 0;
}

/* ---- Captures ---- */

struct record {
    uint32_t seconds, fraction, length, original;
};

/* Moves NFULA_TIMESTAMP (9 would be the payload, 3 it is) by whole seconds. */
static void move_time(uint8_t *body, size_t length, uint64_t seconds)
{
    for (size_t at = 4; at + 4 <= length;) {
        uint16_t size, type;
        memcpy(&size, body + at, 2);
        memcpy(&type, body + at + 2, 2);
        if (size < 4 || at + size > length)
            return;
        if (type == 3 && size == 20) {
            uint64_t time;
            memcpy(&time, body + at + 4, 8);
            time = htobe64(be64toh(time) + seconds);
            memcpy(body + at + 4, &time, 8);
        }
        at += (size + 3u) & ~3u;
    }
}

static int grow(const char *from, const char *to, unsigned long messages)
{
    static uint8_t header[24], body[1 << 18];
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    struct record record;
    unsigned long written = 0;
    uint64_t shift = 0;
    if (!in || !out || fread(header, sizeof header, 1, in) != 1)
        return failed(from);
    fwrite(header, sizeof header, 1, out);
    while (written < messages) {
        uint32_t first = 0, last = 0;
        fseek(in, sizeof header, SEEK_SET);
        while (written < messages && fread(&record, sizeof record, 1, in) == 1 &&
               record.length <= sizeof body && fread(body, record.length, 1, in) == 1) {
            first = first ? first : record.seconds;
            last = record.seconds;
            record.seconds += (uint32_t)shift;
            move_time(body, record.length, shift);
            fwrite(&record, sizeof record, 1, out);
            fwrite(body, record.length, 1, out);
            written++;
        }
        if (first == 0)
            return 1;
        shift += last - first + 2;
    }
    fclose(in);
    return fclose(out) == 0 ? 0 : failed(to);
}

static int usage(void)
{
    fprintf(stderr, "usage: see the head of bench_tool.c\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if ((strcmp(verb, "send") == 0 || strcmp(verb, "same") == 0) && argc >= 5)
        return send_packets(argv[2], (uint16_t)atoi(argv[3]), strtoul(argv[4], NULL, 10),
                            argc > 5 ? (unsigned)atoi(argv[5]) : 1, strcmp(verb, "same") == 0);
    if (strcmp(verb, "hold") == 0 && argc >= 3)
        return hold_ports(argv + 2);
    if (strcmp(verb, "measure") == 0 && argc >= 4)
        return measure(argv[2], argv + 3, 200000);
    if (strcmp(verb, "closely") == 0 && argc >= 4)
        return measure(argv[2], argv + 3, 10000);
    if (strcmp(verb, "tables") == 0 && argc == 2)
        return print_tables();
    if (strcmp(verb, "cpu") == 0 && argc == 3)
        return print_cpu(atoi(argv[2]));
    if (strcmp(verb, "grow") == 0 && argc == 5)
        return grow(argv[2], argv[3], strtoul(argv[4], NULL, 10));
    return usage();
}
