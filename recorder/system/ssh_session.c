/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The user's own SSH session. */
#include "recorder/system/ssh_session.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE    "SSH_CONNECTION="
#define PARENTS_MAX 64

/* An address without the zone of a link-local one (fe80::1%eth0), which libpcap does not know; and an IPv4
 * address that came through an IPv6 socket as what it is on the wire. */
static char *clean_address(const char *text)
{
    struct in6_addr v6;
    struct in_addr v4;
    char clean[INET6_ADDRSTRLEN];
    g_autofree char *address = g_strndup(text, strcspn(text, "%"));
    if (inet_pton(AF_INET, address, &v4) == 1)
        return g_steal_pointer(&address);
    if (inet_pton(AF_INET6, address, &v6) != 1)
        return NULL;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
        return g_strdup(inet_ntop(AF_INET, &v6.s6_addr[12], clean, sizeof clean));
    return g_strdup(inet_ntop(AF_INET6, &v6, clean, sizeof clean));
}

static bool parse_port(const char *text, guint64 *ret_port)
{
    return g_ascii_string_to_unsigned(text, 10, 1, 65535, ret_port, NULL);
}

char *ssh_session_filter(const char *connection)
{
    g_auto(GStrv) words = g_strsplit(connection, " ", -1);
    guint64 client_port, server_port;
    if (g_strv_length(words) != 4 || !parse_port(words[1], &client_port) ||
        !parse_port(words[3], &server_port))
        return NULL;
    g_autofree char *client = clean_address(words[0]);
    g_autofree char *server = clean_address(words[2]);
    if (!client || !server)
        return NULL;
    return g_strdup_printf("not (host %s and tcp port %u and host %s and tcp port %u)", client,
                           (unsigned)client_port, server, (unsigned)server_port);
}

/* ---- Finding it ---- */

static char *find_in_environment(long pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%ld/environ", pid);
    g_autofree char *text = NULL;
    gsize length;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return NULL;
    for (const char *at = text; at < text + length; at += strlen(at) + 1)
        if (g_str_has_prefix(at, VARIABLE))
            return g_strdup(at + strlen(VARIABLE));
    return NULL;
}

static long parent_of(long pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%ld/stat", pid);
    g_autofree char *text = NULL;
    long parent = 0;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    const char *after_name = strrchr(text, ')');
    return after_name && sscanf(after_name + 1, " %*c %ld", &parent) == 1 ? parent : 0;
}

char *ssh_session_find(void)
{
    const char *own = g_getenv("SSH_CONNECTION");
    if (own)
        return g_strdup(own);
    long pid = parent_of(getpid());
    for (unsigned i = 0; i < PARENTS_MAX && pid > 1; i++) {
        char *found = find_in_environment(pid);
        if (found)
            return found;
        pid = parent_of(pid);
    }
    return NULL;
}
