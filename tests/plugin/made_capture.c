/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A capture in the making. */
#include "tests/plugin/made_capture.h"

#include <assert.h>
#include <string.h>

#include "format/envelope.h"
#include "recorder/core/pcapng.h"

struct made_capture made = {.packet_id_step = 1};

static uint32_t next_random(uint32_t below)
{
    made.damage_state = made.damage_state * 1664525u + 1013904223u;
    return (made.damage_state >> 8) % below;
}

/* Spoils some bytes behind the magic. */
static struct bytes damaged(struct bytes bytes)
{
    static uint8_t copy[65536];
    if (made.damage_state == 0 || bytes.length <= 5 || bytes.length > sizeof copy)
        return bytes;
    memcpy(copy, bytes.data, bytes.length);
    for (uint32_t count = next_random(4); count > 0; count--) {
        uint8_t *at = &copy[5 + next_random((uint32_t)bytes.length - 5)];
        *at = (uint8_t)(next_random(2) ? *at ^ 1u << next_random(8) : next_random(256));
    }
    return (struct bytes){copy, bytes.length};
}

static struct bytes text(const char *string)
{
    return (struct bytes){(const uint8_t *)string, strlen(string)};
}

struct step *made_add(struct packet_spec *spec, const char *table, const char *chain, unsigned type,
                      unsigned number, const char *rule, const char *target)
{
    assert(spec->count < MADE_STEPS_MAX);
    struct step *step = &spec->steps[spec->count];
    *step = (struct step){
        .table = text(table),
        .chain = text(chain),
        .type = type,
        .rulenum = number,
        .rule = text(rule),
        .target = text(target),
        .ruleset = 1,
        .context = spec->count > 0 ? spec->steps[spec->count - 1].context : (struct context){0},
    };
    spec->path.steps = (uint32_t)++spec->count;
    return step;
}

void made_at_hook(struct step *step, unsigned hook, const char *in, const char *out)
{
    step->context.has_hook = true;
    step->context.hook = hook;
    step->context.in = text(in);
    step->context.out = text(out);
}

size_t made_ipv4(uint8_t *packet, uint8_t protocol, uint16_t source, uint16_t destination)
{
    size_t length = protocol == 6 ? 40 : 28;
    memset(packet, 0, length);
    memcpy(packet, (const uint8_t[]){0x45, 0, 0, (uint8_t)length, 0, 1, 0, 0, 64, protocol, 0, 0}, 12);
    memcpy(packet + 12, (const uint8_t[]){10, 0, 0, 1, 10, 0, 1, 2}, 8);
    memcpy(packet + 20,
           (const uint8_t[]){(uint8_t)(source >> 8), (uint8_t)source, (uint8_t)(destination >> 8),
                             (uint8_t)destination},
           4);
    if (protocol == 6)
        memcpy(packet + 32, (const uint8_t[]){0x50, 0x02, 0x10, 0x00}, 4);
    else
        packet[25] = 8;
    return length;
}

size_t made_ipv6(uint8_t *packet, uint16_t destination)
{
    memset(packet, 0, 60);
    memcpy(packet, (const uint8_t[]){0x60, 0, 0, 0, 0, 20, 6, 64, 0xfd, 0}, 10);
    packet[23] = 1;
    packet[24] = 0xfd;
    packet[39] = 2;
    memcpy(packet + 40, (const uint8_t[]){4, 1, (uint8_t)(destination >> 8), (uint8_t)destination}, 4);
    memcpy(packet + 52, (const uint8_t[]){0x50, 0x02, 0x10, 0x00}, 4);
    return 60;
}

void made_write_raw(const uint8_t *packet, size_t length, struct bytes record)
{
    struct pcapng_packet block = {
        .time_ns = MADE_TIME_NS + made.packets * 1000000ull,
        .data = {packet, length},
        .original_length = (uint32_t)length,
        .packet_id = (uint64_t)MADE_CAPTURE_ID << 32 | (made.packets + 1),
        .drop_count = made.lost,
        .record = damaged(record),
    };
    pcapng_write_packet(&made.file, &block);
    made.lost = 0;
    made.packets += made.packet_id_step;
}

void made_write(struct packet_spec *spec, const uint8_t *packet, size_t length)
{
    static struct wire_writer record;
    record.length = 0;
    spec->path.packet_id = (uint64_t)MADE_CAPTURE_ID << 32 | (made.packets + 1);
    spec->path.backend = BACKEND_LEGACY;
    path_record_write(&record, &made.path_writer, &spec->path, spec->steps, spec->count);
    made_write_raw(packet, length, (struct bytes){record.data, record.length});
}

void made_begin_forward(struct packet_spec *spec)
{
    *spec = (struct packet_spec){0};
    made_at_hook(made_add(spec, "raw", "PREROUTING", STEP_POLICY, 0, "-P PREROUTING ACCEPT", "ACCEPT"),
                 HOOK_PREROUTING, "eth0", "");
    made_add(spec, "mangle", "PREROUTING", STEP_POLICY, 0, "-P PREROUTING ACCEPT", "ACCEPT");
}

void made_decide(struct packet_spec *spec, unsigned verdict, unsigned reason)
{
    spec->path.verdict = verdict;
    spec->path.reason = reason;
    spec->path.decided = (uint32_t)spec->count;
}

void made_write_custom(struct wire_writer *body)
{
    envelope_pad(body, 0);
    pcapng_write_custom(&made.file, damaged((struct bytes){body->data, body->length}));
    body->length = 0;
}

void made_set_enterprise(uint32_t number)
{
    static const uint8_t ours[] = {IPTRACE_PEN & 0xff, IPTRACE_PEN >> 8 & 0xff, 0, 0};
    const uint8_t theirs[] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 24)};
    for (size_t i = 0; i + sizeof ours <= made.file.length; i += sizeof ours)
        if (memcmp(made.file.data + i, ours, sizeof ours) == 0)
            memcpy(made.file.data + i, theirs, sizeof theirs);
}
