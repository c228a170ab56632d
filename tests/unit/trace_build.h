/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Packets, TRACE messages, rulesets and paths made at test time, as the kernel and iptables-save make them. */
#ifndef IPTRACE_TESTS_TRACE_BUILD_H
#define IPTRACE_TESTS_TRACE_BUILD_H

#include "format/family.h"
#include "recorder/legacy/walk/assembler.h"
#include "recorder/legacy/walk/rulebook.h"
#include "tests/unit/unit.h"

#define BUILD_RECEIVED_NS 1700000000000000000ull
#define BUILD_MS          1000000ull

static inline struct bytes build_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static inline void build_put(uint8_t *at, unsigned size, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

/* ---- Packets ---- */

struct build_packet {
    unsigned version;  /* 4 unless told */
    uint32_t src, dst; /* the last four bytes of an IPv6 address */
    uint8_t protocol;  /* UDP (17) unless told */
    uint8_t ttl, tos;  /* ttl 64 unless told */
    uint16_t id;       /* IPv4 */
    uint16_t fragment; /* flags and offset as in the IPv4 header */
    uint16_t srcport, dstport;
    uint32_t seq, ack; /* TCP; ICMP: `seq` is identifier and sequence number */
    uint8_t type, code;
    uint16_t tcp_options; /* bytes, a multiple of 4 */
    const char *payload;
};

static inline size_t build_transport(uint8_t *at, const struct build_packet *packet)
{
    size_t payload = packet->payload ? strlen(packet->payload) : 0, header = 0;
    switch (packet->protocol) {
    case 1:
    case 58:
        at[0] = packet->type;
        at[1] = packet->code;
        build_put(at + 4, 4, packet->seq);
        header = 8;
        break;
    case 6:
        header = 20u + packet->tcp_options;
        build_put(at, 2, packet->srcport);
        build_put(at + 2, 2, packet->dstport);
        build_put(at + 4, 4, packet->seq);
        build_put(at + 8, 4, packet->ack);
        at[12] = (uint8_t)(header / 4 << 4);
        at[13] = 2;
        build_put(at + 14, 2, 65535);
        break;
    case 33:
    case 132:
        header = 12;
        build_put(at, 2, packet->srcport);
        build_put(at + 2, 2, packet->dstport);
        break;
    case 0:
    case 17:
    case 136:
        header = 8;
        build_put(at, 2, packet->srcport);
        build_put(at + 2, 2, packet->dstport);
        build_put(at + 4, 2, 8 + payload);
        break;
    default:
        break;
    }
    if (payload > 0)
        memcpy(at + header, packet->payload, payload);
    return header + payload;
}

/* Writes into `buffer` (512 bytes are enough for what tests do) and returns the packet in it. */
static inline struct bytes build_packet_bytes(uint8_t *buffer, const struct build_packet *packet)
{
    memset(buffer, 0, 256);
    uint8_t protocol = packet->protocol ? packet->protocol : 17, ttl = packet->ttl ? packet->ttl : 64;
    size_t header = packet->version == 6 ? 40 : 20;
    size_t length = header + build_transport(buffer + header, packet);
    if (packet->version == 6) {
        build_put(buffer, 4, 6u << 28 | (uint32_t)packet->tos << 20);
        build_put(buffer + 4, 2, length - 40);
        buffer[6] = protocol;
        buffer[7] = ttl;
        build_put(buffer + 8, 4, 0x20010db8);
        build_put(buffer + 20, 4, packet->src);
        build_put(buffer + 24, 4, 0x20010db8);
        build_put(buffer + 36, 4, packet->dst);
    } else {
        buffer[0] = 0x45;
        buffer[1] = packet->tos;
        build_put(buffer + 2, 2, length);
        build_put(buffer + 4, 2, packet->id);
        build_put(buffer + 6, 2, packet->fragment);
        buffer[8] = ttl;
        buffer[9] = protocol;
        build_put(buffer + 12, 4, packet->src);
        build_put(buffer + 16, 4, packet->dst);
    }
    return (struct bytes){buffer, length};
}

/* ---- Messages ---- */

struct build_message {
    enum ip_family family; /* 4 unless told */
    enum hook hook;
    const char *where; /* "filter:INPUT:rule:3" */
    const char *in, *out;
    uint32_t in_index, out_index; /* made from the first letter where 0 */
    uint32_t mark;
    uint64_t time_us; /* 0: none */
    struct bytes payload;
    uint64_t number, received_ns, lost_before;
};

/* The room that an event's pieces are in. */
struct build_event {
    struct event event;
    char prefix[256];
    uint8_t header[4], mark[4], time[16], in[4], out[4];
};

static inline const struct event *build_event(struct build_event *room, const struct build_message *message)
{
    memset(room, 0, sizeof *room);
    struct event *event = &room->event;
    event->message.number = message->number;
    event->message.family = message->family == 6 ? 10 : 2;
    event->received_ns = message->received_ns;
    event->lost_before = message->lost_before;
    build_put(room->header, 2, message->family == 6 ? 0x86dd : 0x0800);
    room->header[2] = (uint8_t)message->hook;
    message_set(&event->message, MESSAGE_PACKET_HEADER, (struct bytes){room->header, 4});
    int length = snprintf(room->prefix, sizeof room->prefix, "TRACE: %s ", message->where);
    message_set(&event->message, MESSAGE_PREFIX,
                (struct bytes){(const uint8_t *)room->prefix, (size_t)length + 1});
    if (message->mark) {
        build_put(room->mark, 4, message->mark);
        message_set(&event->message, MESSAGE_MARK, (struct bytes){room->mark, 4});
    }
    if (message->time_us) {
        build_put(room->time, 8, message->time_us / 1000000);
        build_put(room->time + 8, 8, message->time_us % 1000000);
        message_set(&event->message, MESSAGE_TIMESTAMP, (struct bytes){room->time, 16});
    }
    if (message->in) {
        build_put(room->in, 4, message->in_index ? message->in_index : (uint8_t)message->in[0]);
        message_set(&event->message, MESSAGE_IN, (struct bytes){room->in, 4});
        event->in = build_text(message->in);
    }
    if (message->out) {
        build_put(room->out, 4, message->out_index ? message->out_index : (uint8_t)message->out[0]);
        message_set(&event->message, MESSAGE_OUT, (struct bytes){room->out, 4});
        event->out = build_text(message->out);
    }
    message_set(&event->message, MESSAGE_PAYLOAD, message->payload);
    return event;
}

/* ---- Rules ---- */

static inline struct ruleset *build_ruleset_own(enum ip_family family, uint32_t number, const char *text,
                                                const struct ruleset_own *own, size_t own_count)
{
    const struct ruleset_origin origin = {.family = family, .number = number, .generation = 1};
    struct ruleset *ruleset = NULL;
    struct error error = {""};
    if (ruleset_new(&ruleset, build_text(text), own, own_count, &origin, &error) < 0)
        fail_msg("%s", error.text);
    return ruleset;
}

static inline struct ruleset *build_ruleset(const char *text)
{
    return build_ruleset_own(4, 1, text, NULL, 0);
}

/* Puts `text` in force, without rules of the recorder's own. */
static inline void build_put_rules(struct rulebook *book, const char *text)
{
    struct ruleset *ruleset = build_ruleset(text);
    assert_true(rulebook_put(book, ruleset));
    ruleset_unref(ruleset);
}

/* ---- Paths ---- */

#define BUILD_MESSAGES_MAX 64

/* What is left of a finished path when the assembler has let go of it. */
struct build_path {
    struct ended_path path; /* `log` is null */
    uint64_t numbers[BUILD_MESSAGES_MAX];
    uint32_t count;    /* messages kept, also those beyond the array */
    bool stale;        /* of any of its steps */
    char decided[128]; /* the prefix's words of the deciding message; empty for none */
};

static inline void build_collect(void *user, const struct ended_path *finished)
{
    GArray *paths = user;
    struct build_path path = {.path = *finished};
    struct message_log_iterator iterator;
    path.path.log = NULL;
    message_log_begin(finished->log, &iterator);
    while (message_log_next(&iterator)) {
        if (path.count < BUILD_MESSAGES_MAX)
            path.numbers[path.count] = iterator.event.message.number;
        path.stale = path.stale || iterator.annotation->stale;
        if (++path.count == finished->decided) {
            struct bytes prefix = message_get_prefix(&iterator.event.message);
            snprintf(path.decided, sizeof path.decided, "%.*s", (int)prefix.length - 8,
                     (const char *)prefix.data + 7);
        }
    }
    g_array_append_val(paths, path);
}

static inline GArray *build_paths_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(struct build_path));
}

static inline const struct build_path *build_path_at(const GArray *paths, guint index)
{
    assert_in_range(index, 0, paths->len - 1);
    return &g_array_index(paths, struct build_path, index);
}

/* ---- An assembler and what goes in and comes out ---- */

struct build_world {
    struct rulebook *book;
    struct assembler *assembler;
    GArray *paths;
    struct build_packet packet; /* whose messages are said */
    uint64_t number, now_ns;
    const char *in, *out;
    uint32_t mark;
    uint64_t time_us, lost_before;
};

static inline void build_world_init(struct build_world *world)
{
    const struct assembler_limits limits = {0};
    *world = (struct build_world){.book = rulebook_new(false), .now_ns = BUILD_RECEIVED_NS};
    rulebook_set_translation(world->book, 4, false);
    rulebook_set_translation(world->book, 6, false);
    world->paths = build_paths_new();
    world->packet =
        (struct build_packet){.src = 0x0a000001, .dst = 0x0a000002, .srcport = 1000, .dstport = 53};
    world->in = "eth0";
    world->out = "uplink";
    world->assembler = assembler_new(world->book, &limits, build_collect, world->paths);
}

static inline void build_world_done(struct build_world *world)
{
    assembler_free(world->assembler);
    rulebook_free(world->book);
    g_array_unref(world->paths);
}

/* A message 1 µs after the one before; interfaces as the hook has them. */
static inline void build_say(struct build_world *world, enum hook hook, const char *where)
{
    uint8_t buffer[512];
    struct build_event room;
    bool in = hook == HOOK_PREROUTING || hook == HOOK_INPUT || hook == HOOK_FORWARD;
    bool out = hook == HOOK_FORWARD || hook == HOOK_OUTPUT || hook == HOOK_POSTROUTING;
    world->now_ns += 1000;
    const struct build_message message = {
        .family = world->packet.version,
        .hook = hook,
        .where = where,
        .in = in ? world->in : NULL,
        .out = out ? world->out : NULL,
        .mark = world->mark,
        .time_us = world->time_us,
        .payload = build_packet_bytes(buffer, &world->packet),
        .number = ++world->number,
        .received_ns = world->now_ns,
        .lost_before = world->lost_before,
    };
    world->lost_before = 0;
    assembler_add(world->assembler, build_event(&room, &message), (struct monotonic){world->now_ns});
}

/* Silence, as the assembler is told of it. */
static inline void build_wait(struct build_world *world, uint64_t ms)
{
    for (uint64_t until = world->now_ns + ms * BUILD_MS; world->now_ns < until;) {
        world->now_ns += MIN(BUILD_MS, until - world->now_ns);
        assembler_tick(world->assembler, (struct monotonic){world->now_ns});
    }
}

static inline void build_assert_path(const struct build_world *world, guint index, enum verdict verdict,
                                     enum reason reason, const char *decided)
{
    const struct build_path *path = build_path_at(world->paths, index);
    assert_string_equal(verdict_name(path->path.verdict), verdict_name(verdict));
    assert_string_equal(reason_name(path->path.reason), reason_name(reason));
    assert_string_equal(path->decided, decided);
}

#endif
