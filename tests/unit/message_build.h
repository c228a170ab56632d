/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Messages and message blocks for their tests. */
#ifndef IPTRACE_TESTS_MESSAGE_BUILD_H
#define IPTRACE_TESTS_MESSAGE_BUILD_H

#include "format/envelope.h"
#include "format/message_block.h"
#include "tests/unit/unit.h"

/* A reader asks for no more than this, whatever the block says. */
static inline void build_pool_done(struct unit_pool *pool)
{
    assert_true(pool->bytes <= 3 << 20);
    unit_pool_done(pool);
}

static inline struct bytes build_body_of(const struct wire_writer *block)
{
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(unit_written(block), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(kind, ENVELOPE_MESSAGES);
    return body;
}

static const struct step build_drop = {
    .table = BYTES("filter"),
    .chain = BYTES("INPUT"),
    .type = STEP_RULE,
    .rulenum = 3,
    .rule = BYTES("-A INPUT -p udp -j DROP"),
    .target = BYTES("DROP"),
    .ruleset = 2,
    .context.in = BYTES("eth0"),
};

static inline struct bytes build_be(uint8_t *at, uint64_t value, size_t length)
{
    for (size_t i = length; i > 0; i--, value >>= 8)
        at[i - 1] = (uint8_t)value;
    return (struct bytes){at, length};
}

/* Message `n` of a flood: what a veth's received packet brings at each of 8 steps. */
static inline void build_flood(uint64_t n, uint8_t room[512], struct message *message, struct step *step)
{
    static const struct {
        const char *prefix, *table, *chain;
    } points[] = {
        {"TRACE: raw:PREROUTING:policy:2 ",    "raw",    "PREROUTING"},
        {"TRACE: mangle:PREROUTING:policy:1 ", "mangle", "PREROUTING"},
        {"TRACE: nat:PREROUTING:policy:1 ",    "nat",    "PREROUTING"},
        {"TRACE: mangle:INPUT:policy:1 ",      "mangle", "INPUT"     },
        {"TRACE: filter:INPUT:rule:1 ",        "filter", "INPUT"     },
        {"TRACE: filter:CHECK:rule:1 ",        "filter", "CHECK"     },
        {"TRACE: filter:CHECK:return:2 ",      "filter", "CHECK"     },
        {"TRACE: filter:INPUT:policy:2 ",      "filter", "INPUT"     },
    };
    unsigned point = n % 8;
    uint64_t packet = n / 8, us = 1700000000000000ull + packet * 11 + point / 2;
    memset(room, 0, 512);
    *message = (struct message){.number = n + 1, .family = 2};
    room[0] = 8, room[2] = point < 3 ? 0 : 1;
    message_set(message, MESSAGE_PACKET_HEADER, (struct bytes){room, 4});
    build_be(room + 8, us / 1000000, 8);
    build_be(room + 16, us % 1000000, 8);
    message_set(message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 16});
    message_set(message, MESSAGE_IN, build_be(room + 24, 7, 4));
    message_set(message, MESSAGE_HWADDR, (struct bytes){room + 28, 12});
    message_set(message, MESSAGE_HWTYPE, build_be(room + 40, 1, 2));
    message_set(message, MESSAGE_HWLEN, build_be(room + 42, 14, 2));
    message_set(message, MESSAGE_HWHEADER, (struct bytes){room + 44, 14});
    message_set(message, MESSAGE_SEQ, build_be(room + 60, n, 4));
    message_set(message, MESSAGE_SEQ_GLOBAL, build_be(room + 64, n, 4));
    uint8_t *ip = room + 100;
    ip[0] = 0x45, ip[3] = 128, ip[8] = 64, ip[9] = 17;
    build_be(ip + 4, packet, 2);
    build_be(ip + 10, packet * 77, 2);
    build_be(ip + 20, 40000, 2);
    message_set(message, MESSAGE_PAYLOAD, (struct bytes){ip, 128});
    message_set(message, MESSAGE_PREFIX,
                (struct bytes){(const uint8_t *)points[point].prefix, strlen(points[point].prefix) + 1});
    *step = build_drop;
    step->table = (struct bytes){(const uint8_t *)points[point].table, strlen(points[point].table)};
    step->chain = (struct bytes){(const uint8_t *)points[point].chain, strlen(points[point].chain)};
    step->rulenum = point;
}

#endif
