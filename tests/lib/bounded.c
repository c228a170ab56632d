/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* bounded SECONDS MIB COMMAND …: runs it, ends it after so many seconds, and says on standard error what it
 * took: "status N, S s, M MiB". Fails with 1 where it was ended by a signal, its status is above 1, or a
 * process of it took more memory. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void end_child(int number)
{
    (void)number;
    kill(-child, SIGKILL);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fputs("usage: bounded SECONDS MIB COMMAND …\n", stderr);
        return 2;
    }
    double begin_s = now_s();
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    setpgid(child, child);
    signal(SIGALRM, end_child);
    alarm((unsigned)atoi(argv[1]));

    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return 2;
    long mib = usage.ru_maxrss / 1024;
    if (WIFSIGNALED(status))
        fprintf(stderr, "ended by signal %d", WTERMSIG(status));
    else
        fprintf(stderr, "status %d", WEXITSTATUS(status));
    fprintf(stderr, ", %.1f s, %ld MiB\n", now_s() - begin_s, mib);
    return !WIFEXITED(status) || WEXITSTATUS(status) > 1 || mib > atol(argv[2]);
}
