/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a newly forked process does to become one of our helpers. */
#include "recorder/system/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder/system/interrupt.h"

static void become_own_session(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP};
    sigset_t none;
    setsid();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void helper_begin(const char *name)
{
    become_own_session();
    interrupt_forget();
    clearenv();
    setlocale(LC_ALL, "C");
    __fpurge(stdout);
    __fpurge(stderr);
    umask(077);
    prctl(PR_SET_NAME, name);
    if (chdir("/"))
        return;
}

int helper_keep_socket(int socket)
{
    if (socket != HELPER_SOCKET && dup2(socket, HELPER_SOCKET) < 0)
        return -errno;
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < HELPER_SOCKET; fd++)
        if (null >= 0)
            dup2(null, fd);
        else
            close(fd);
    close_range(HELPER_SOCKET + 1, ~0u, 0);
    return 0;
}
