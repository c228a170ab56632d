/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Writes a capture for the plugin's tests: what no kernel says by itself stands next to what it does say.
 * make_capture FILE: once. With a word and N behind it:
 *   many N        N packets of four steps instead, to measure time
 *   sparse N      of them only each thousandth, as a filter leaves them
 *   alike N       N rounds of refused packets that nothing tells apart, and the ICMP errors that answer them
 *   reasons N     a packet of each of the first N reasons
 *   translated 1  changes that are rare: of IPv6, of fragments, of source and length
 *   enterprise N  all of it, once, under enterprise number N
 *   damaged N     all of it N times over, each time with other bytes of records and blocks wrong */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "format/ruleset_block.h"
#include "recorder/core/pcapng.h"
#include "tests/plugin/made_capture.h"

/* 1: accepted by a rule; 2: dropped by a rule with a comment; 3: dropped by a policy. */
static void write_plain(void)
{
    struct packet_spec spec;
    uint8_t packet[64];
    size_t length = made_ipv4(packet, 6, 1025, 80);
    made_begin_forward(&spec);
    made_at_hook(made_add(&spec, "filter", "FORWARD", STEP_RULE, 2,
                          "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT", "ACCEPT"),
                 HOOK_FORWARD, "eth0", "eth1");
    made_decide(&spec, VERDICT_ACCEPT, REASON_RULE);
    made_at_hook(made_add(&spec, "mangle", "POSTROUTING", STEP_POLICY, 0, "-P POSTROUTING ACCEPT", "ACCEPT"),
                 HOOK_POSTROUTING, "", "eth1");
    made_write(&spec, packet, length);

    length = made_ipv4(packet, 6, 1026, 23);
    made_begin_forward(&spec);
    struct step *step =
        made_add(&spec, "filter", "INPUT", STEP_RULE, 3,
                 "-A INPUT -p tcp -m tcp --dport 23 -m comment --comment \"no telnet\" -j DROP", "DROP");
    made_at_hook(step, HOOK_INPUT, "eth0", "");
    step->comment = BYTES("no telnet");
    step->stale = true;
    step->has_time = true;
    step->time_ns = 1500;
    step->context.has_mark = true;
    step->context.mark = 0x2a;
    step->context.has_uid = step->context.has_gid = true;
    step->context.uid = 1000;
    step->context.gid = 100;
    step->context.physin = BYTES("veth7");
    made_decide(&spec, VERDICT_DROP, REASON_RULE);
    made_write(&spec, packet, length);

    length = made_ipv4(packet, 17, 1027, 9999);
    made_begin_forward(&spec);
    made_at_hook(made_add(&spec, "filter", "FORWARD", STEP_RULE, 4, "-A FORWARD -j CHECKS", "CHECKS"),
                 HOOK_FORWARD, "eth0", "eth1");
    made_add(&spec, "filter", "CHECKS", STEP_RETURN, 0, "", "");
    made_add(&spec, "filter", "FORWARD", STEP_POLICY, 0, "-P FORWARD DROP", "DROP");
    made_decide(&spec, VERDICT_DROP, REASON_POLICY);
    made_write(&spec, packet, length);
}

/* 4: translated, marked, TTL counted down; 5: vanished and incomplete; 6: rejected, IPv6. */
static void write_changes(void)
{
    struct packet_spec spec;
    uint8_t packet[64];
    size_t length = made_ipv4(packet, 17, 1028, 53);
    static const uint8_t new_address[] = {10, 2, 0, 2};
    made_begin_forward(&spec);
    made_add(&spec, "mangle", "PREROUTING", STEP_RULE, 1, "-A PREROUTING -j MARK --set-xmark 0x7/0xffffffff",
             "MARK");
    struct step *step =
        made_add(&spec, "nat", "PREROUTING", STEP_RULE, 1,
                 "-A PREROUTING -p udp -m udp --dport 53 -j DNAT --to-destination 10.2.0.2:5353", "DNAT");
    step->context.has_mark = true;
    step->context.mark = 7;
    step = made_add(&spec, "mangle", "FORWARD", STEP_POLICY, 0, "-P FORWARD ACCEPT", "ACCEPT");
    made_at_hook(step, HOOK_FORWARD, "eth0", "eth1");
    step->change = (struct change){
        .dst = {new_address, 4},
          .has_dstport = true, .dstport = 5353, .has_ttl = true, .ttl = 63
    };
    made_add(&spec, "filter", "FORWARD", STEP_POLICY, 0, "-P FORWARD ACCEPT", "ACCEPT");
    made_decide(&spec, VERDICT_ACCEPT, REASON_POLICY);
    made_at_hook(made_add(&spec, "nat", "POSTROUTING", STEP_RULE, 1, "-A POSTROUTING -o eth1 -j MASQUERADE",
                          "MASQUERADE"),
                 HOOK_POSTROUTING, "", "eth1");
    made_write(&spec, packet, length);

    length = made_ipv4(packet, 17, 1029, 53);
    made_begin_forward(&spec);
    spec.path.verdict = VERDICT_UNKNOWN;
    spec.path.reason = REASON_VANISHED_ROUTING;
    spec.path.incomplete = true;
    made.lost = 12;
    made_write(&spec, packet, length);

    length = made_ipv6(packet, 22);
    spec = (struct packet_spec){0};
    made_at_hook(made_add(&spec, "filter", "INPUT", STEP_RULE, 1,
                          "-A INPUT -p tcp -m tcp --dport 22 -j REJECT --reject-with tcp-reset", "REJECT"),
                 HOOK_INPUT, "eth0", "");
    made_decide(&spec, VERDICT_REJECT, REASON_RULE);
    made_write(&spec, packet, length);
}

/* An IPv6 datagram behind an extension header of 8 bytes: hop-by-hop options, or that of a later fragment,
 * which has no ports. */
static size_t ipv6_extended(uint8_t *packet, bool fragment)
{
    made_ipv6(packet, 0);
    memset(packet + 40, 0, 24);
    packet[5] = 24;
    packet[6] = fragment ? 44 : 0;
    memcpy(packet + 40,
           fragment ? (const uint8_t[]){17, 0, 5, 0xa8, 0, 0, 0, 7} : (const uint8_t[]){17, 0, 1, 4},
           fragment ? 8 : 4);
    if (!fragment)
        memcpy(packet + 48, (const uint8_t[]){4, 1, 0x27, 0x0f, 0, 16}, 6);
    return 64;
}

/* Rows: 1: source and destination of IPv6; 2: the same of a fragment; 3: source and length of IPv4. */
static void write_translated(void)
{
    static const uint8_t new_src[16] = {0xfd, [15] = 8}, new_dst[16] = {0xfd, [15] = 9};
    struct packet_spec spec;
    uint8_t packet[64];
    for (unsigned fragment = 0; fragment < 2; fragment++) {
        size_t length = ipv6_extended(packet, fragment);
        spec = (struct packet_spec){0};
        made_at_hook(made_add(&spec, "raw", "PREROUTING", STEP_RULE, 1,
                              "-A PREROUTING -j RAWSNAT --to-source fd00::8/128", "RAWSNAT"),
                     HOOK_PREROUTING, "eth0", "");
        struct step *step =
            made_add(&spec, "mangle", "PREROUTING", STEP_POLICY, 0, "-P PREROUTING ACCEPT", "ACCEPT");
        step->change = (struct change){
            .src = {new_src, 16}
        };
        made_add(&spec, "nat", "PREROUTING", STEP_RULE, 1,
                 "-A PREROUTING -p udp -j DNAT --to-destination [fd00::9]:5353", "DNAT");
        step = made_add(&spec, "filter", "FORWARD", STEP_RULE, 1, "-A FORWARD -j ACCEPT", "ACCEPT");
        made_at_hook(step, HOOK_FORWARD, "eth0", "eth1");
        step->change = (struct change){
            .dst = {new_dst, 16},
              .has_dstport = !fragment, .dstport = 5353, .has_ttl = true, .ttl = 63
        };
        made_decide(&spec, VERDICT_ACCEPT, REASON_RULE);
        made_write(&spec, packet, length);
    }

    size_t length = made_ipv4(packet, 6, 1030, 80);
    static const uint8_t new_src4[] = {10, 9, 9, 9};
    spec = (struct packet_spec){0};
    made_at_hook(made_add(&spec, "raw", "PREROUTING", STEP_RULE, 1,
                          "-A PREROUTING -j RAWSNAT --to-source 10.9.9.9/32", "RAWSNAT"),
                 HOOK_PREROUTING, "eth0", "");
    struct step *step = made_add(&spec, "mangle", "PREROUTING", STEP_RULE, 1,
                                 "-A PREROUTING -p tcp -m tcp -j TCPMSS --clamp-mss-to-pmtu", "TCPMSS");
    step->change = (struct change){
        .src = {new_src4, 4},
          .has_srcport = true, .srcport = 4000
    };
    step = made_add(&spec, "filter", "INPUT", STEP_POLICY, 0, "-P INPUT ACCEPT", "ACCEPT");
    made_at_hook(step, HOOK_INPUT, "eth0", "");
    step->change = (struct change){.has_length = true, .length = 44};
    made_decide(&spec, VERDICT_ACCEPT, REASON_POLICY);
    made_write(&spec, packet, length);
}

/* The ICMP error that answers a datagram from that port. */
static void write_icmp_error(uint16_t source)
{
    uint8_t error[64] = {0x45, 0, 0, 56, 0, 9, 0, 0, 64, 1, 0, 0, 10, 0, 0, 254, 10, 0, 0, 1, 3, 1};
    made_ipv4(error + 28, 17, source, 53);
    error[28 + 8]--; /* TTL */
    struct packet_spec spec = {0};
    made_at_hook(made_add(&spec, "mangle", "OUTPUT", STEP_RULE, 1, "-A OUTPUT -j LOG", "LOG"), HOOK_OUTPUT,
                 "", "eth0");
    made_add(&spec, "mangle", "OUTPUT", STEP_RULE, 2, "-A OUTPUT -p icmp -j DSCP --set-dscp 0x0a", "DSCP");
    struct step *step = made_add(&spec, "filter", "OUTPUT", STEP_POLICY, 0, "-P OUTPUT ACCEPT", "ACCEPT");
    step->change = (struct change){.has_tos = true, .tos = 0x28};
    made_decide(&spec, VERDICT_ACCEPT, REASON_POLICY);
    made_write(&spec, error, 56);
}

static void write_refused(uint16_t source, unsigned verdict)
{
    struct packet_spec spec;
    uint8_t packet[64];
    size_t length = made_ipv4(packet, 17, source, 53);
    made_begin_forward(&spec);
    if (verdict != VERDICT_UNKNOWN)
        made_decide(&spec, verdict, REASON_RULE);
    made_write(&spec, packet, length);
}

/* Rows of a round: 1 and 2: refused; 3: the error for 2; 4: dropped, which nothing answers; 5: an error that
 * was sent 5 ms after 6, which is written later; 6: refused; 7: an error for nobody. */
static void write_alike(uint16_t source)
{
    write_refused(source, VERDICT_REJECT);
    write_refused(source, VERDICT_UNKNOWN);
    write_icmp_error(source);
    write_refused(source, VERDICT_DROP);
    made.packets += 5;
    write_icmp_error(source + 1);
    made.packets -= 6;
    write_refused(source + 1, VERDICT_UNKNOWN);
    made.packets += 5;
    write_icmp_error(source + 2);
}

static void write_reasons(unsigned long count)
{
    struct packet_spec spec;
    uint8_t packet[64];
    size_t length = made_ipv4(packet, 6, 1025, 80);
    for (unsigned long reason = 0; reason < count; reason++) {
        made_begin_forward(&spec);
        spec.path.verdict = VERDICT_UNKNOWN;
        spec.path.reason = (unsigned)reason;
        made_write(&spec, packet, length);
    }
}

/* 7: numbers of a later recorder; 8: damaged; 9: a later version; 10: somebody else's option;
 * 11: names that are no text; 12: copy, ambiguous, cut; 13: the ICMP error that answers 5. */
static void write_odd(void)
{
    struct packet_spec spec = {0};
    struct wire_writer record = {0};
    uint8_t packet[64];
    size_t length = made_ipv4(packet, 6, 1030, 80);
    made_at_hook(made_add(&spec, "filter", "INPUT", 7, 9, "-A INPUT", ""), 8, "eth0", "");
    made_decide(&spec, 9, 99);
    made_write(&spec, packet, length);

    made_begin_forward(&spec);
    path_record_write(&record, &made.path_writer, &spec.path, spec.steps, spec.count);
    made_write_raw(packet, length, (struct bytes){record.data, record.length - 5});
    record.data[4] = 2;
    made_write_raw(packet, length, (struct bytes){record.data, record.length});
    made_write_raw(packet, length, BYTES("OTHERS' DATA"));
    wire_writer_done(&record);

    spec = (struct packet_spec){0};
    made_at_hook(made_add(&spec, "filter", "a:\033[31m\n\xff", STEP_RULE, 1,
                          "-A x -m comment --comment \"\007\xe2\x82\xac\"", "DROP"),
                 HOOK_INPUT, "eth0", "");
    made_decide(&spec, VERDICT_DROP, REASON_RULE);
    made_write(&spec, packet, length);

    made_begin_forward(&spec);
    made_decide(&spec, VERDICT_ACCEPT, REASON_POLICY);
    spec.path.copy = spec.path.ambiguous = spec.path.cut = true;
    spec.path.steps = 5000;
    spec.path.netns = BYTES("blue");
    made_write(&spec, packet, length);

    write_icmp_error(1029);
}

static void set_big_endian(uint8_t *at, uint32_t value)
{
    for (int i = 3; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

static void write_messages(void)
{
    struct message_block_writer *writer = message_block_writer_new(MADE_CAPTURE_ID, (struct bytes){0});
    struct wire_writer body = {0};
    /* The writer looks back at the messages before. */
    static struct {
        struct message message;
        uint8_t packet[64], numbers[6][4], time[16], hardware[12], header[4];
    } space[6];
    for (uint32_t i = 0; i < 6; i++) {
        uint8_t *packet = space[i].packet, *time = space[i].time, *header = space[i].header;
        uint8_t(*numbers)[4] = space[i].numbers;
        size_t length = made_ipv4(packet, 6, (uint16_t)(1025 + i / 3), i < 3 ? 80 : 23);
        struct message *message = &space[i].message;
        *message = (struct message){.number = i + 1, .family = 2};
        memcpy(space[i].hardware, (const uint8_t[]){0, 6, 0, 0, 2, 0, 0, 0, 0, (uint8_t)i}, 10);
        memcpy(header, (const uint8_t[]){8, 0, (uint8_t)(i % 3), 0}, 4);
        static const uint8_t type[] = {0, 1};
        static const uint8_t ct[] = {8, 0, 3, 0, 0, 0, 1, 8, 8, 0, 12, 0, 1, 2, 3, 4};
        set_big_endian(numbers[0], 2);
        set_big_endian(numbers[1], 3);
        set_big_endian(numbers[2], i);
        set_big_endian(numbers[3], 0x2a);
        set_big_endian(numbers[4], 1000);
        set_big_endian(numbers[5], 2);
        set_big_endian(time + 4, (uint32_t)(MADE_TIME_NS / 1000000000));
        set_big_endian(time + 12, i);
        message_set(message, MESSAGE_PACKET_HEADER, (struct bytes){header, 4});
        message_set(message, MESSAGE_PREFIX,
                    i % 3 == 2 ? (struct bytes){(const uint8_t *)"TRACE: filter:INPUT:rule:3 ", 28}
                               : (struct bytes){(const uint8_t *)"TRACE: raw:PREROUTING:policy:2 ", 32});
        message_set(message, MESSAGE_IN, (struct bytes){numbers[0], 4});
        message_set(message, MESSAGE_SEQ, (struct bytes){numbers[2], 4});
        message_set(message, MESSAGE_TIMESTAMP, (struct bytes){time, 16});
        message_set(message, MESSAGE_HWADDR, (struct bytes){space[i].hardware, 12});
        message_set(message, MESSAGE_HWTYPE, (struct bytes){type, 2});
        message_set(message, MESSAGE_PAYLOAD, (struct bytes){packet, length});
        if (i == 5) {
            message_set(message, MESSAGE_OUT, (struct bytes){numbers[1], 4});
            message_set(message, MESSAGE_MARK, (struct bytes){numbers[3], 4});
            message_set(message, MESSAGE_UID, (struct bytes){numbers[4], 4});
            message_set(message, MESSAGE_CT_INFO, (struct bytes){numbers[5], 4});
            message_set(message, MESSAGE_CT, (struct bytes){ct, sizeof ct});
            message_set(message, 30, (struct bytes){ct, 4});
        }
        struct packet_spec spec = {0};
        struct step *step = i % 3 == 2 ? made_add(&spec, "filter", "INPUT", STEP_RULE, 3,
                                                  "-A INPUT -p tcp -m tcp --dport 23 -j DROP", "DROP")
                                       : made_add(&spec, "raw", "PREROUTING", STEP_POLICY, 0,
                                                  "-P PREROUTING ACCEPT", "ACCEPT");
        step->context.in = BYTES("eth0");
        if (i % 3 == 0)
            message_block_writer_packet(writer, 1 + i / 3);
        bool added = message_block_writer_add(writer, message, step);
        assert(added);
        (void)added;
    }
    message_block_writer_finish(writer, &body);
    made_write_custom(&body);
    message_block_writer_free(writer);
    wire_writer_done(&body);
}

static void write_rulesets(void)
{
    struct wire_writer body = {0};
    struct ruleset_part part = {.capture_id = MADE_CAPTURE_ID,
                                .ruleset = 1,
                                .generation = 2,
                                .family = 4,
                                .table = BYTES("filter"),
                                .time_ns = MADE_TIME_NS,
                                .parts = 2};
    const struct ruleset_own own = {BYTES("PREROUTING"), 1};
    part.text =
        BYTES("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:CHECKS - [0:0]\n"
              "-A INPUT -i lo -j ACCEPT\n"
              "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
    ruleset_part_write(&body, &part, &own, 1);
    made_write_custom(&body);
    part.part = 1;
    part.text = BYTES("-A INPUT -p tcp -m tcp --dport 23 -m comment --comment \"no telnet\" -j DROP\n"
                      "-A FORWARD -i eth1 -j ACCEPT\n"
                      "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT\n-A FORWARD -d 10.9.9.9/32 -j DROP\n"
                      "-A FORWARD -j CHECKS\nCOMMIT\n");
    ruleset_part_write(&body, &part, NULL, 0);
    made_write_custom(&body);
    /* Damaged; then a kind, and a version, of later recorders; then somebody else's. */
    ruleset_part_write(&body, &part, NULL, 0);
    body.length -= 20;
    made_write_custom(&body);
    envelope_write(&body, (enum envelope_kind)77);
    wire_write_raw(&body, "something", 9);
    made_write_custom(&body);
    envelope_write(&body, ENVELOPE_RULESET);
    body.data[4] = 2;
    made_write_custom(&body);
    wire_write_raw(&body, "OTHERS' DATA", 12);
    pcapng_write_custom(&made.file, (struct bytes){body.data, body.length});
    wire_writer_done(&body);
}

static void write_many(unsigned long count)
{
    struct packet_spec spec;
    uint8_t packet[64];
    for (unsigned long i = 0; i < count; i++) {
        size_t length = made_ipv4(packet, 6, (uint16_t)(1024 + i % 50000), 80);
        made_begin_forward(&spec);
        made_at_hook(made_add(&spec, "filter", "FORWARD", STEP_RULE, 2 + (unsigned)(i % 7),
                              "-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT", "ACCEPT"),
                     HOOK_FORWARD, "eth0", "eth1");
        made_decide(&spec, i % 10 ? VERDICT_ACCEPT : VERDICT_DROP, REASON_RULE);
        if (i % 10)
            made_at_hook(
                made_add(&spec, "mangle", "POSTROUTING", STEP_POLICY, 0, "-P POSTROUTING ACCEPT", "ACCEPT"),
                HOOK_POSTROUTING, "", "eth1");
        made_write(&spec, packet, length);
    }
}

static void write_all(void)
{
    write_plain();
    write_changes();
    write_odd();
    write_messages();
    write_rulesets();
}

int main(int argc, char **argv)
{
    const char *mode = argc == 4 ? argv[2] : "";
    unsigned long count = argc == 4 ? strtoul(argv[3], NULL, 10) : 1;
    FILE *stream = argc == 2 || argc == 4 ? fopen(argv[1], "wb") : NULL;
    if (!stream) {
        fprintf(stderr,
                "usage: make_capture FILE [many|sparse|alike|reasons|translated|enterprise|damaged N]\n");
        return 2;
    }
    pcapng_write_section(&made.file, "test", "test", "make_capture");
    pcapng_write_interface(&made.file, BYTES("iptables"), 256, NULL);
    made.damage_state = strcmp(mode, "damaged") == 0;
    made.packet_id_step = strcmp(mode, "sparse") == 0 ? 1000 : 1;
    if (strcmp(mode, "many") == 0 || strcmp(mode, "sparse") == 0)
        write_many(count);
    else if (strcmp(mode, "alike") == 0)
        for (unsigned long i = 0; i < count; i++)
            write_alike(5000);
    else if (strcmp(mode, "reasons") == 0)
        write_reasons(count);
    else if (strcmp(mode, "translated") == 0)
        write_translated();
    else if (strcmp(mode, "enterprise") == 0)
        write_all();
    else
        for (unsigned long i = 0; i < count; i++)
            write_all();
    if (strcmp(mode, "enterprise") == 0)
        made_set_enterprise((uint32_t)count);
    fwrite(made.file.data, 1, made.file.length, stream);
    path_writer_done(&made.path_writer);
    wire_writer_done(&made.file);
    return fclose(stream) ? 1 : 0;
}
