/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The tag in the comment of our own rules. */
#include "recorder/restore/state_tag.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct identity {
    long pid;
    unsigned long long start;
    char boot[9];
    unsigned long long pid_namespace;
};

/* 0 where there is no such process. A zombie has done all it will. */
static unsigned long long start_time(long pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%ld/stat", pid);
    g_autofree char *text = NULL;
    char state;
    unsigned long long start;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *after_name = strrchr(text, ')');
    if (!after_name || sscanf(after_name + 1,
                              " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                              "%llu",
                              &state, &start) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : start;
}

static void read_boot(char ret_boot[9])
{
    g_autofree char *text = NULL;
    bool read = g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, NULL, NULL);
    g_strlcpy(ret_boot, read ? text : "00000000", 9);
}

static unsigned long long pid_namespace(void)
{
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 ? (unsigned long long)status.st_ino : 0;
}

char *state_tag_new(void)
{
    char boot[9];
    read_boot(boot);
    return g_strdup_printf("%ld.%llu.%s.%llu", (long)getpid(), start_time(getpid()), boot, pid_namespace());
}

static bool parse(const char *tag, struct identity *ret_identity)
{
    int length = -1;
    return sscanf(tag, "%ld.%llu.%8[0-9a-f].%llu%n", &ret_identity->pid, &ret_identity->start,
                  ret_identity->boot, &ret_identity->pid_namespace, &length) == 4 &&
           length == (int)strlen(tag) && ret_identity->pid > 0;
}

enum life state_tag_life(const char *tag)
{
    struct identity identity;
    if (!parse(tag, &identity))
        return LIFE_UNKNOWN;
    if (!state_tag_is_of_this_boot(tag))
        return LIFE_DEAD;
    if (identity.pid_namespace != pid_namespace())
        return LIFE_UNKNOWN;
    return start_time(identity.pid) == identity.start ? LIFE_ALIVE : LIFE_DEAD;
}

bool state_tag_is_of_this_boot(const char *tag)
{
    struct identity identity;
    char boot[9];
    read_boot(boot);
    return parse(tag, &identity) && strcmp(boot, identity.boot) == 0;
}

long state_tag_pid(const char *tag)
{
    struct identity identity;
    return parse(tag, &identity) ? identity.pid : 0;
}
