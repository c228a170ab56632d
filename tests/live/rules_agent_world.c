/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What the tests of the helper see of the kernel, by iptables' own programs. */
#include "rules_agent_world.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int world_failures;

bool world_check(bool holds, const char *what, int line, const char *format, ...)
{
    if (holds)
        return true;
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *more = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    printf("  line %d: expected %s%s\n", line, what, more);
    world_failures++;
    return false;
}

/* ---- the world, seen by iptables' own programs ---- */

char *world_output(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *command = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    GString *output = g_string_new(NULL);
    FILE *pipe = popen(command, "r");
    char part[4096];
    for (size_t length; pipe && (length = fread(part, 1, sizeof part, pipe)) > 0;)
        g_string_append_len(output, part, length);
    if (pipe)
        pclose(pipe);
    return g_string_free(output, FALSE);
}

void world_run(const char *command)
{
    g_autofree char *output = world_output("{ %s; } 2>&1 || echo failed", command);
    CHECK(!strstr(output, "failed"), "of `%s`: %s", command, output);
}

/* Every table that exists, with counters, in both families, and the loggers. */
char *world_snapshot(void)
{
    return world_output(
        "for table in $(cat /proc/net/ip_tables_names); do iptables-legacy-save -c -t $table; done |"
        " grep -v '^#'; "
        "for table in $(cat /proc/net/ip6_tables_names); do ip6tables-legacy-save -c -t $table; done |"
        " grep -v '^#'; "
        "cat /proc/sys/net/netfilter/nf_log/2 /proc/sys/net/netfilter/nf_log/10");
}

char *world_tables(enum ip_family family)
{
    return world_output("sort /proc/net/ip%s_tables_names", family == FAMILY_IPV6 ? "6" : "");
}

int world_count(const char *text, const char *word)
{
    int count = 0;
    for (; (text = strstr(text, word)); text += strlen(word))
        count++;
    return count;
}

int world_own_rules(void)
{
    g_autofree char *text = world_snapshot();
    return world_count(text, "-m comment --comment \"iptrace-record: ") -
           world_count(text, "no TRACE\" -j RETURN");
}

bool world_becomes(const char *wanted, int timeout_ms)
{
    for (int i = 0;; i++) {
        g_autofree char *now = world_snapshot();
        if (!strcmp(now, wanted))
            return true;
        if (i * 20 >= timeout_ms)
            return false;
        g_usleep(20000);
    }
}

const char world_rules[] =
    "iptables-legacy-restore -c <<'END'\n"
    "*filter\n:INPUT DROP [7:700]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [12:1300]\n:mine - [0:0]\n"
    "[3:400] -A INPUT -p tcp -m tcp --dport 22 -j mine\n[5:600] -A mine -j ACCEPT\nCOMMIT\n"
    "*raw\n:PREROUTING ACCEPT [9:900]\n:OUTPUT ACCEPT [8:800]\n:user - [0:0]\n"
    "[1:100] -A PREROUTING -s 10.0.0.0/8 -j user\n[2:200] -A OUTPUT -p udp -j NOTRACK\n"
    "[4:444] -A user -m comment --comment \"iptrace-record: no TRACE\" -j RETURN\n"
    "[6:666] -A user -p 99 -j TRACE\nCOMMIT\nEND\n"
    "ip6tables-legacy -A INPUT -s 2001:db8::/32 -j DROP; ip6tables-legacy -t raw -A OUTPUT -p udp -j ACCEPT";

struct agent *world_agent(enum ip_family family)
{
    struct error error = {""};
    struct agent *agent = NULL;
    int result = agent_open(&agent, family, -1, &error);
    CHECK(result == 0, "but %s", error.text);
    return agent;
}

void world_agent_close(struct agent *agent)
{
    struct error error = {""};
    int result = agent_close(agent, TIMEOUT_MS, NULL, &error);
    CHECK(result == 0, "but %s", error.text);
}

void world_install(struct agent *agent, const struct trace_options *options, struct trace_report *report)
{
    struct error error = {""};
    int result = agent_install(agent, options, TIMEOUT_MS, report, &error);
    CHECK(result == 0, "but %s", error.text);
}

int world_renew(struct agent *agent, int64_t date_stop, struct trace_report *report, struct error *error)
{
    struct pollfd wait = {.fd = agent_fd(agent), .events = POLLIN};
    struct agent_inbox inbox = {0};
    struct agent_reply reply = {0};
    int result = agent_request_renew(agent, &inbox, date_stop, error);
    if (result == 0 && poll(&wait, 1, TIMEOUT_MS) != 1)
        result = error_set(error, ETIMEDOUT, "no answer to the renewal");
    if (result == 0)
        result = agent_receive(agent, &inbox, &reply, error);
    if (result < 0)
        return result;
    if (reply.result < 0)
        *error = reply.error;
    else if (report)
        *report = reply.trace;
    result = reply.result;
    agent_reply_done(&reply);
    return result;
}

const struct trace_options world_plain = {.tag = TAG};
