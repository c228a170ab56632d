/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Interfaces that come, change their name and go, in a network namespace of this test's own. */
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/system/interface_names.h"

static int failed;

static void expect(struct interface_names *names, uint32_t index, const char *expected)
{
    struct bytes name = interface_names_get(names, index);
    if (name.length == strlen(expected) && memcmp(name.data, expected, name.length) == 0)
        return;
    printf("FAILED: interface %u is '%.*s', not '%s'\n", index, (int)name.length, name.data, expected);
    failed = 1;
}

static void run(const char *command)
{
    if (system(command) != 0) {
        printf("FAILED: %s\n", command);
        failed = 1;
    }
}

int main(void)
{
    struct interface_names *names;
    struct error error;
    if (unshare(CLONE_NEWNET) != 0) {
        printf("skipped: no new network namespace can be made here\n");
        return 77;
    }
    if (system("ip link add before type veth peer name peer 2>/dev/null") != 0) {
        printf("skipped: no veth interfaces, or no ip command\n");
        return 77;
    }
    uint32_t before = if_nametoindex("before");
    if (interface_names_open(&names, NULL, &error) < 0) {
        printf("FAILED: %s\n", error.text);
        return 1;
    }
    expect(names, 1, "lo");
    expect(names, before, "before");
    expect(names, 4711, "if4711");
    expect(names, UINT32_MAX, "if4294967295");

    run("ip link set before name renamed");
    interface_names_update(names);
    expect(names, before, "renamed");

    /* New, and asked for before anyone took in the news; also where it was asked for in vain before. */
    expect(names, 5000, "if5000");
    run("ip link add late index 5000 type veth peer name late-peer");
    interface_names_update(names);
    expect(names, 5000, "late");
    run("ip link add later index 5001 type veth peer name later-peer");
    expect(names, 5001, "later");

    /* Messages of an interface that is gone may still be queued; then its index has another name. */
    run("ip link del late");
    interface_names_update(names);
    expect(names, 5000, "late");
    run("ip link add new index 5000 type veth peer name new-peer");
    interface_names_update(names);
    expect(names, 5000, "new");

    /* A bridge that loses a port sends a "deleted" message of another family. */
    run("ip link add bridge type bridge && ip link set new master bridge && ip link set new nomaster");
    interface_names_update(names);
    expect(names, 5000, "new");

    /* More news than the socket can hold: then everything is asked for again. */
    run("i=0; while [ $i -lt 2000 ]; do echo link set renamed mtu $((1000 + i % 100)); i=$((i + 1)); done | "
        "ip -batch - && ip link set renamed name last");
    interface_names_update(names);
    expect(names, before, "last");
    interface_names_close(names);
    return failed;
}
