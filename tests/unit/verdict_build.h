/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Rules, and paths of one packet through them, for the tests of verdicts. */
#ifndef IPTRACE_TESTS_VERDICT_BUILD_H
#define IPTRACE_TESTS_VERDICT_BUILD_H

#include "tests/unit/trace_build.h"

#define RAW "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
#define MANGLE                                                                                               \
    "*mangle\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING "             \
    "ACCEPT\n-A FORWARD -p sctp -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n"
#define NAT                                                                                                  \
    "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"                         \
    "-A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination 10.9.9.9\n"                             \
    "-A POSTROUTING -o uplink -j MASQUERADE\nCOMMIT\n"
#define FILTER                                                                                               \
    "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n"                                                \
    "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n"                                                    \
    "-A INPUT -p udp -m udp --dport 1 -j LOG\n"                                                              \
    "-A INPUT -p udp -m udp --dport 2 -j NFQUEUE --queue-num 0\n"                                            \
    "-A INPUT -p tcp -m tcp --dport 80 -j SYNPROXY --sack-perm\n"                                            \
    "-A INPUT -p udp -m udp --dport 3 -j ACCEPT\n"                                                           \
    "-A INPUT -p udp -m udp --dport 4 -j WHATEVER --option\n"                                                \
    "-A INPUT -j DROP\n"                                                                                     \
    "-A FORWARD -i eth0 -j ACCEPT\nCOMMIT\n"

enum {
    R = 1 << TABLE_RAW,
    M = 1 << TABLE_MANGLE,
    N = 1 << TABLE_NAT,
    F = 1 << TABLE_FILTER,
};

static inline void verdict_begin(struct build_world *world, table_set exist)
{
    static const char *const rules[TABLE_COUNT] = {RAW, MANGLE, NAT, FILTER};
    build_world_init(world);
    for (unsigned table = 0; table < TABLE_COUNT; table++)
        if (exist >> table & 1)
            build_put_rules(world->book, rules[table]);
    rulebook_set_tables(world->book, 4, exist, 0);
}

static inline void verdict_end(struct build_world *world, enum verdict verdict, enum reason reason,
                               const char *decided)
{
    build_wait(world, 31000);
    assert_int_equal(world->paths->len, 1);
    build_assert_path(world, 0, verdict, reason, decided);
    assert_false(build_path_at(world->paths, 0)->path.incomplete);
    build_world_done(world);
}

static inline void verdict_received(struct build_world *world, table_set exist)
{
    verdict_begin(world, exist);
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
}

#endif
