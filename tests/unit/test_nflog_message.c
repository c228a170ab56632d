/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/legacy/nflog/nflog_message.h"

/* A datagram as the kernel builds it, in this machine's byte order. */
struct datagram {
    uint8_t data[1024];
    size_t length;
    size_t begin; /* of the message being written */
};

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, 2);
}

static void message_begin(struct datagram *datagram, uint16_t type, uint8_t family)
{
    uint8_t *at = datagram->data + datagram->length;
    memset(at, 0, 20);
    put16(at + 4, type);
    at[16] = family;
    datagram->begin = datagram->length;
    datagram->length += 20;
}

static void attribute(struct datagram *datagram, uint16_t type, struct bytes value)
{
    uint8_t *at = datagram->data + datagram->length;
    memset(at, 0, 8 + value.length);
    put16(at, (uint16_t)(value.length + 4));
    put16(at + 2, type);
    if (value.length > 0)
        memcpy(at + 4, value.data, value.length);
    datagram->length += (4 + value.length + 3) & ~(size_t)3;
}

static void message_end(struct datagram *datagram)
{
    uint32_t length = (uint32_t)(datagram->length - datagram->begin);
    memcpy(datagram->data + datagram->begin, &length, 4);
}

static struct datagram two_messages(void)
{
    struct datagram datagram = {.length = 0};
    message_begin(&datagram, 0x400, 2);
    attribute(&datagram, MESSAGE_PACKET_HEADER, BYTES("\x08\0\1\0"));
    attribute(&datagram, MESSAGE_PREFIX, BYTES("TRACE: filter:INPUT:rule:1 \0"));
    attribute(&datagram, MESSAGE_IN, BYTES("\0\0\0\7"));
    attribute(&datagram, MESSAGE_CT | 0x8000, BYTES("\1\2\3\4"));
    attribute(&datagram, 40, BYTES("later"));
    attribute(&datagram, 0, BYTES(""));
    attribute(&datagram, MESSAGE_PAYLOAD, BYTES("\x45packet"));
    message_end(&datagram);
    message_begin(&datagram, 0x400, 10);
    message_end(&datagram);
    message_begin(&datagram, 3, 0);
    message_end(&datagram);
    return datagram;
}

static void test_a_datagram_of_two(void **state)
{
    (void)state;
    struct datagram datagram = two_messages();
    struct bytes rest = {datagram.data, datagram.length}, body;
    struct message message;
    unsigned unknown;
    uint64_t value;
    assert_int_equal(nflog_datagram_next(&rest, &body), NFLOG_DATAGRAM_MESSAGE);
    assert_true(nflog_message_parse(body, false, &message, &unknown));
    assert_int_equal(message.family, 2);
    assert_int_equal(unknown, 2);
    assert_int_equal(message.number, 0);
    unit_assert_bytes(message_get_prefix(&message), BYTES("TRACE: filter:INPUT:rule:1 "));
    unit_assert_bytes(message.attribute[MESSAGE_PAYLOAD], BYTES("\x45packet"));
    unit_assert_bytes(message.attribute[MESSAGE_CT], BYTES("\1\2\3\4"));
    assert_true(message_get_uint(&message, MESSAGE_IN, 0, 4, &value));
    assert_int_equal(value, 7);
    assert_false(message_has(&message, MESSAGE_OUT));
    assert_int_equal(nflog_datagram_next(&rest, &body), NFLOG_DATAGRAM_MESSAGE);
    assert_true(nflog_message_parse(body, false, &message, NULL));
    assert_int_equal(message.family, 10);
    assert_int_equal(message.present, 0);
    assert_int_equal(nflog_datagram_next(&rest, &body), NFLOG_DATAGRAM_OTHER);
    assert_int_equal(nflog_datagram_next(&rest, &body), NFLOG_DATAGRAM_END);
}

static void test_the_other_byte_order(void **state)
{
    (void)state;
    struct message message;
    uint16_t one = 1;
    bool little = *(uint8_t *)&one == 1;
    assert_true(nflog_message_parse(BYTES("\x02\0\0\0\0\x08\0\4\0\0\0\7"), little, &message, NULL));
    unit_assert_bytes(message.attribute[MESSAGE_IN], BYTES("\0\0\0\7"));
    assert_false(nflog_message_parse(BYTES("\x02\0\0\0\0\x08\0\4\0\0\0\7"), !little, &message, NULL));
}

static void test_a_cut_payload_is_damage_but_kept(void **state)
{
    (void)state;
    struct datagram datagram = {.length = 0};
    struct message message;
    message_begin(&datagram, 0x400, 2);
    attribute(&datagram, MESSAGE_PREFIX, BYTES("x\0"));
    attribute(&datagram, MESSAGE_PAYLOAD, BYTES("0123456789"));
    assert_false(nflog_message_parse((struct bytes){datagram.data + 16, datagram.length - 16 - 6}, false,
                                     &message, NULL));
    unit_assert_bytes(message.attribute[MESSAGE_PAYLOAD], BYTES("012345"));
    unit_assert_bytes(message_get_prefix(&message), BYTES("x"));
}

static void test_lengths_that_lie(void **state)
{
    (void)state;
    struct message message;
    struct bytes body;
    static const uint8_t zero[32];
    uint8_t attribute_bytes[8] = {2};
    assert_false(nflog_message_parse((struct bytes){zero, 3}, false, &message, NULL));
    for (unsigned length = 0; length < 4; length++) {
        put16(attribute_bytes + 4, (uint16_t)length);
        assert_false(nflog_message_parse((struct bytes){attribute_bytes, 8}, false, &message, NULL));
    }
    put16(attribute_bytes + 4, 5);
    put16(attribute_bytes + 6, 1);
    assert_false(nflog_message_parse((struct bytes){attribute_bytes, 8}, false, &message, NULL));
    struct bytes datagram = {zero, 32};
    assert_int_equal(nflog_datagram_next(&datagram, &body), NFLOG_DATAGRAM_BAD);
    datagram = (struct bytes){zero, 15};
    assert_int_equal(nflog_datagram_next(&datagram, &body), NFLOG_DATAGRAM_BAD);
}

static void read_datagram(struct bytes datagram)
{
    struct bytes body;
    struct message message;
    enum nflog_datagram_status status;
    unsigned messages = 0;
    while ((status = nflog_datagram_next(&datagram, &body)) == NFLOG_DATAGRAM_MESSAGE ||
           status == NFLOG_DATAGRAM_OTHER) {
        assert_true(++messages < 100);
        nflog_message_parse(body, false, &message, NULL);
        for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
            struct bytes value = message.attribute[type];
            assert_true(value.length == 0 ||
                        (value.data >= body.data && value.data + value.length <= body.data + body.length));
        }
    }
}

static void test_damage(void **state)
{
    (void)state;
    struct datagram datagram = two_messages();
    unit_cut_everywhere((struct bytes){datagram.data, datagram.length}, read_datagram);
    unit_flip_everywhere((struct bytes){datagram.data, datagram.length}, read_datagram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_datagram_of_two),
        cmocka_unit_test(test_the_other_byte_order),
        cmocka_unit_test(test_a_cut_payload_is_damage_but_kept),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
