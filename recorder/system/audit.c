/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the kernel's audit subsystem reports about legacy tables. */
#include "recorder/system/audit.h"

#include <errno.h>
#include <glib.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 8970 /* MAX_AUDIT_MESSAGE_LENGTH of linux/audit.h since 3.13, where a header has it */

int audit_open(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                        .nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1)};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_AUDIT);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        fd = -1;
    }
    return fd < 0 ? -1 : fd;
}

/* The value of ` key=value`; false where there is none, or where it does not fit. */
static bool get_value(const char *text, const char *key, char *ret_value, size_t size)
{
    const char *at = strstr(text, key);
    if (!at)
        return false;
    at += strlen(key);
    size_t length = strcspn(at, " \n");
    if (length >= size)
        return false;
    memcpy(ret_value, at, length);
    ret_value[length] = '\0';
    return true;
}

/* "name", or the bytes of a name that holds a quotation mark, a blank or worse, in hexadecimal. */
static void read_name(const char *value, char *ret_name, size_t size)
{
    size_t length = 0;
    if (*value == '"') {
        length = MIN(strcspn(value + 1, "\""), size - 1);
        memcpy(ret_name, value + 1, length);
    } else {
        for (const char *at = value; g_ascii_isxdigit(at[0]) && g_ascii_isxdigit(at[1]) && length < size - 1;
             at += 2)
            ret_name[length++] = (char)(g_ascii_xdigit_value(at[0]) << 4 | g_ascii_xdigit_value(at[1]));
    }
    ret_name[length] = '\0';
    for (char *at = ret_name; *at; at++)
        if (!g_ascii_isprint(*at))
            *at = '?';
}

bool audit_parse(const char *text, struct audit_change *ret_change)
{
    char operation[32], family[8], pid[24], program[160];
    *ret_change = (struct audit_change){0};
    if (!get_value(text, " op=", operation, sizeof operation) || strcmp(operation, "xt_replace") != 0 ||
        !get_value(text, " table=", ret_change->table, sizeof ret_change->table) ||
        !get_value(text, " family=", family, sizeof family))
        return false;
    char *end;
    long af = strtol(family, &end, 10);
    if (*end != '\0' || !ip_family_has_af((int)af))
        return false;
    ret_change->family = ip_family_of_af((int)af);
    if (get_value(text, " pid=", pid, sizeof pid))
        ret_change->pid = strtoll(pid, NULL, 10);
    if (get_value(text, " comm=", program, sizeof program))
        read_name(program, ret_change->program, sizeof ret_change->program);
    return true;
}

bool audit_next(int fd, struct audit_change *ret_change)
{
    union {
        struct nlmsghdr header;
        char bytes[NLMSG_HDRLEN + RECORD_MAX + 1];
    } message;
    for (;;) {
        ssize_t length = fd < 0 ? -1 : recv(fd, message.bytes, sizeof message.bytes - 1, 0);
        if (length < 0 && fd >= 0 && (errno == EINTR || errno == ENOBUFS))
            continue;
        if (length < 0)
            return false;
        if (length < NLMSG_HDRLEN || message.header.nlmsg_type != AUDIT_NETFILTER_CFG)
            continue;
        message.bytes[length] = '\0';
        if (audit_parse(message.bytes + NLMSG_HDRLEN, ret_change))
            return true;
    }
}
