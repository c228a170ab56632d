/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "format/packet.h"

static struct packet parse(uint8_t *buffer, const struct build_packet *built)
{
    struct packet packet;
    packet_parse(build_packet_bytes(buffer, built), &packet);
    return packet;
}

static uint64_t key(const struct build_packet *built)
{
    uint8_t buffer[512];
    struct packet packet = parse(buffer, built);
    return packet_key(&packet);
}

static const struct build_packet kinds[] = {
    {.src = 1,
     .dst = 2,
     .protocol = 6,
     .id = 7,
     .srcport = 1,
     .dstport = 2,
     .seq = 3,
     .ack = 4,
     .payload = "p"},
    {.src = 1,  .dst = 2,          .protocol = 17,              .id = 7,                        .srcport = 1,               .dstport = 2,       .payload = "p"                     },
    {.src = 1, .dst = 2,         .protocol = 136,             .id = 7,                        .srcport = 1,               .dstport = 2,  .payload = "p"},
    {.src = 1, .dst = 2,         .protocol = 132,             .id = 7,                        .srcport = 1,               .dstport = 2,       .payload = "p"                          },
    {.src = 1, .dst = 2,         .protocol = 33,             .id = 7,                        .srcport = 1,                .dstport = 2,   .payload = "p"},
    {.src = 1, .dst = 2,         .protocol = 1,             .id = 7,                        .type = 8,                 .seq = 9,        .payload = "p"                                  },
    {.src = 1, .dst = 2,         .protocol = 47,             .id = 7,                        .payload = "generic payload"               },
    {.version = 6,    .src = 1, .dst = 2,    .protocol = 6,       .srcport = 1,   .dstport = 2,  .seq = 3,.payload = "p"},
    {.version = 6,               .src = 1,            .dst = 2, .protocol = 58, .type = 128, .seq = 9, .payload = "p"                                         },
};

static void test_membership_reports(void **state)
{
    (void)state;
    static const struct {
        struct build_packet packet;
        bool is;
    } cases[] = {
        {{.protocol = 2, .payload = "\x22"},                true },
        {{.protocol = 2, .payload = "\x12"},                false}, /* IGMPv1 */
        {{.protocol = 2},                                   false},
        {{.protocol = 2, .payload = "\x22", .fragment = 1}, false},
        {{.protocol = 1, .type = 143},                      false},
        {{.version = 6, .protocol = 58, .type = 143},       true },
        {{.version = 6, .protocol = 58, .type = 131},       false}, /* MLDv1 */
        {{.version = 6, .protocol = 58, .type = 135},       false},
        {{.version = 6, .protocol = 2, .payload = "\x22"},  false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t buffer[512];
        struct packet packet = parse(buffer, &cases[i].packet);
        assert_int_equal(packet_is_membership_report(&packet), cases[i].is);
    }
    struct packet none = {0};
    assert_false(packet_is_membership_report(&none));
}

static void test_headers(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct packet packet = parse(buffer, &kinds[0]);
    assert_int_equal(packet.version, 4);
    unit_assert_bytes(packet.src, BYTES("\0\0\0\1"));
    unit_assert_bytes(packet.dst, BYTES("\0\0\0\2"));
    assert_int_equal(packet.length, 41);
    assert_int_equal(packet.id, 7);
    assert_int_equal(packet.ttl, 64);
    assert_true(packet.has_ports && packet.has_transport);
    assert_int_equal(packet.srcport, 1);
    assert_int_equal(packet.dstport, 2);
    assert_int_equal(packet.tcp_seq, 3);
    assert_int_equal(packet.tcp_ack, 4);
    assert_int_equal(packet.tcp_flags, 2);
    assert_int_equal(packet.tcp_window, 65535);
    unit_assert_bytes(packet.payload, BYTES("p"));
    for (size_t i = 1; i < 5; i++) {
        packet = parse(buffer, &kinds[i]);
        assert_true(packet.has_ports);
        assert_int_equal(packet.dstport, 2);
        unit_assert_bytes(packet.payload, BYTES("p"));
    }
    packet = parse(buffer, &kinds[5]);
    assert_true(packet.has_icmp && !packet.icmp_is_error && !packet.has_ports);
    assert_int_equal(packet.icmp_type, 8);
    assert_int_equal(packet.icmp_seq, 9);
    packet = parse(buffer, &kinds[6]);
    unit_assert_bytes(packet.payload, BYTES("generic payload"));
    packet = parse(buffer, &kinds[7]);
    assert_int_equal(packet.version, 6);
    assert_int_equal(packet.src.length, 16);
    assert_int_equal(packet.length, 61);
    assert_int_equal(packet.dstport, 2);
    packet = parse(buffer, &kinds[8]);
    assert_true(packet.has_icmp && !packet.icmp_is_error);
}

static void test_icmp_errors(void **state)
{
    (void)state;
    static const uint8_t four[] = {3, 4, 5, 11, 12}, six[] = {1, 2, 3, 4, 127};
    uint8_t buffer[512];
    for (size_t i = 0; i < sizeof four; i++) {
        struct packet packet = parse(buffer, &(struct build_packet){.protocol = 1, .type = four[i]});
        assert_true(packet.icmp_is_error);
        packet = parse(buffer, &(struct build_packet){.version = 6, .protocol = 58, .type = six[i]});
        assert_true(packet.icmp_is_error);
    }
}

/* An echo and its reply, or two errors, are two packets though all else is the same. */
static void test_the_type_is_part_of_the_key(void **state)
{
    (void)state;
    uint8_t buffer[512];
    static const uint8_t types[] = {0, 8, 3, 11};
    for (size_t i = 0; i < sizeof types; i++) {
        for (size_t k = 0; k < i; k++) {
            struct packet packet = parse(buffer, &(struct build_packet){.protocol = 1, .type = types[i]});
            uint64_t key = packet_key(&packet);
            packet = parse(buffer, &(struct build_packet){.protocol = 1, .type = types[k]});
            assert_true(packet_key(&packet) != key);
        }
    }
}

/* hop-by-hop (8), routing (16), fragment (8), AH (12), then UDP */
static size_t build_extensions(uint8_t *at, unsigned fragment_offset)
{
    uint8_t head[40] = {0x60};
    memcpy(at, head, 40);
    at[5] = 8 + 16 + 8 + 12 + 8;
    at[6] = 0;
    uint8_t *rest = at + 40;
    memset(rest, 0, 64);
    rest[0] = 43;
    rest[8] = 44;
    rest[9] = 1;
    rest[24] = 51;
    build_put(rest + 26, 2, fragment_offset << 3 | 1);
    build_put(rest + 28, 4, 0xdeadbeef);
    rest[32] = 17;
    rest[33] = 1;
    build_put(rest + 44, 2, 4000);
    build_put(rest + 46, 2, 53);
    return 40 + 52;
}

static void test_ipv6_extension_headers(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct packet packet;
    packet_parse((struct bytes){buffer, build_extensions(buffer, 0)}, &packet);
    assert_int_equal(packet.protocol, 17);
    assert_int_equal(packet.id, 0xdeadbeef);
    assert_true(packet.more_fragments);
    assert_int_equal(packet.srcport, 4000);
    assert_int_equal(packet.dstport, 53);

    packet_parse((struct bytes){buffer, build_extensions(buffer, 185)}, &packet);
    assert_int_equal(packet.fragment, 185);
    assert_int_equal(packet.protocol, 51); /* what follows is data, whatever it looks like */
    assert_false(packet.has_ports || packet.has_transport);
}

/* A chain of headers that never ends costs a bounded look. */
static void test_endless_extension_headers(void **state)
{
    (void)state;
    uint8_t buffer[1024] = {0x60};
    struct packet packet;
    packet_parse((struct bytes){buffer, sizeof buffer}, &packet);
    assert_int_equal(packet.version, 6);
    assert_false(packet.has_ports);
}

static void test_fragments(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct build_packet built = kinds[1];
    built.fragment = 0x2000;
    struct packet first = parse(buffer, &built);
    assert_true(first.more_fragments && first.has_ports && first.fragment == 0);
    built.fragment = 100;
    struct packet later = parse(buffer, &built);
    assert_false(later.has_ports || later.has_transport);
    assert_int_equal(later.payload.length, 9);
    built.fragment = 0x4000;
    assert_true(parse(buffer, &built).dont_fragment);
}

static void parse_any(struct bytes bytes)
{
    struct packet packet;
    packet_parse(bytes, &packet);
    packet_key(&packet);
    assert_true(packet.payload.length <= bytes.length);
}

static void test_cut_at_every_length(void **state)
{
    (void)state;
    uint8_t buffer[512];
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct bytes bytes = build_packet_bytes(buffer, &kinds[i]);
        unit_cut_everywhere(bytes, parse_any);
        unit_flip_everywhere(bytes, parse_any);
    }
    unit_cut_everywhere((struct bytes){buffer, build_extensions(buffer, 0)}, parse_any);
    unit_flip_everywhere((struct bytes){buffer, build_extensions(buffer, 0)}, parse_any);
}

static void test_no_packet_at_all(void **state)
{
    (void)state;
    static const struct bytes none[] = {BYTES(""), BYTES("\x45"),
                                        BYTES("\x50 not IP, though long enough for it"),
                                        BYTES("\x41 header shorter than a header must be")};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        struct packet packet;
        packet_parse(none[i], &packet);
        assert_int_equal(packet.version, 0);
        assert_int_equal(packet.src.length, 0);
    }
}

static void test_the_first_byte_tells_the_family(void **state)
{
    (void)state;
    assert_int_equal(packet_family(BYTES("")), FAMILY_NONE);
    assert_int_equal(packet_family(BYTES("\x45")), FAMILY_IPV4);
    assert_int_equal(packet_family(BYTES("\x6f")), FAMILY_IPV6);
    assert_int_equal(packet_family(BYTES("\x50")), FAMILY_NONE);
}

static void test_key_stays(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        struct build_packet changed = kinds[i];
        changed.dst = 99;     /* DNAT */
        changed.dstport = 99; /* likewise */
        changed.ttl = 3;
        changed.tos = 0xb8;
        assert_true(key(&kinds[i]) == key(&changed));
    }
    struct build_packet clamped = kinds[0]; /* TCPMSS may add an option */
    clamped.tcp_options = 4;
    assert_true(key(&kinds[0]) == key(&clamped));

    struct build_packet echo = kinds[5]; /* NAT may change the identifier, not the sequence */
    echo.seq = 0x12340009;
    assert_true(key(&kinds[5]) == key(&echo));

    struct build_packet error = {.src = 1, .protocol = 1, .type = 3, .code = 1, .payload = "inner packet"};
    struct build_packet translated = error;
    translated.payload = "INNER packet";
    translated.seq = 77; /* next hop's MTU, unused */
    assert_true(key(&error) == key(&translated));
}

static void test_key_differs(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (size_t k = 0; k < i; k++)
            assert_false(key(&kinds[i]) == key(&kinds[k]));
        struct build_packet other = kinds[i];
        other.src = 5;
        assert_false(key(&kinds[i]) == key(&other));
        other = kinds[i];
        other.payload = "q";
        assert_false(key(&kinds[i]) == key(&other));
        if (kinds[i].srcport) {
            other = kinds[i];
            other.srcport = 5;
            assert_false(key(&kinds[i]) == key(&other));
        }
        if (kinds[i].version != 6) {
            other = kinds[i];
            other.id = 8;
            assert_false(key(&kinds[i]) == key(&other));
        }
    }
    struct build_packet tcp = kinds[0];
    tcp.seq++;
    assert_false(key(&kinds[0]) == key(&tcp));
    tcp = kinds[0];
    tcp.ack++;
    assert_false(key(&kinds[0]) == key(&tcp));
    struct build_packet echo = kinds[5];
    echo.seq++;
    assert_false(key(&kinds[5]) == key(&echo));
    struct build_packet error = {.src = 1, .protocol = 1, .type = 3, .code = 1}, code = error;
    code.code = 2;
    assert_false(key(&error) == key(&code));
    struct build_packet fragment = kinds[1], next = kinds[1];
    fragment.fragment = 100;
    next.fragment = 200;
    assert_false(key(&fragment) == key(&next));
}

static void test_flow_label_and_traffic_class(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct packet packet;
    struct bytes bytes = build_packet_bytes(buffer, &(struct build_packet){.version = 6, .tos = 0xb8});
    buffer[1] |= 0x0a;
    buffer[2] = 0xbc;
    buffer[3] = 0xde;
    packet_parse(bytes, &packet);
    assert_int_equal(packet.flow_label, 0xabcde);
    assert_int_equal(packet.tos, 0xb8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_type_is_part_of_the_key),
        cmocka_unit_test(test_flow_label_and_traffic_class),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_membership_reports),
        cmocka_unit_test(test_icmp_errors),
        cmocka_unit_test(test_ipv6_extension_headers),
        cmocka_unit_test(test_endless_extension_headers),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_cut_at_every_length),
        cmocka_unit_test(test_no_packet_at_all),
        cmocka_unit_test(test_the_first_byte_tells_the_family),
        cmocka_unit_test(test_key_stays),
        cmocka_unit_test(test_key_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
