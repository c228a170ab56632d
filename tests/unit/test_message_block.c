/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "format/envelope.h"
#include "format/message_block.h"

#define KEPT_MAX 4096

/* What went in, with bytes of its own, to be compared with what comes out. */
struct kept {
    uint32_t packet;
    struct message message;
    struct step step;
    bool has_step;
};

static struct kept kept[KEPT_MAX];
static size_t kept_count;

static void forget(void)
{
    for (size_t i = 0; i < kept_count; i++)
        for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
            free((void *)kept[i].message.attribute[type].data);
    kept_count = 0;
}

static struct kept *keep(uint32_t packet, const struct message *message, const struct step *step)
{
    assert_true(kept_count < KEPT_MAX);
    struct kept *new = &kept[kept_count++];
    *new = (struct kept){.packet = packet, .has_step = step != NULL};
    if (step)
        new->step = *step;
    new->message.number = message->number;
    new->message.family = message->family;
    new->message.received_us = message->received_us;
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++) {
        struct bytes from = message->attribute[type];
        if (message_has(message, type))
            message_set(&new->message, type, (struct bytes){unit_copy(from), from.length});
    }
    return new;
}

/* A reader asks for no more than this, whatever the block says. */
static void pool_done(struct unit_pool *pool)
{
    assert_true(pool->bytes <= 3 << 20);
    unit_pool_done(pool);
}

static struct bytes body_of(const struct wire_writer *block)
{
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(unit_written(block), &version, &kind, &body), ENVELOPE_OK);
    assert_int_equal(kind, ENVELOPE_MESSAGES);
    return body;
}

static void assert_message_equal(const struct message *got, const struct message *expected)
{
    assert_int_equal(got->number, expected->number);
    assert_int_equal(got->family, expected->family);
    assert_true(got->received_us == expected->received_us);
    assert_int_equal(got->present, expected->present);
    for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
        if (message_has(expected, type))
            unit_assert_bytes(got->attribute[type], expected->attribute[type]);
}

static void assert_rule_equal(const struct block_rule *rule, const struct kept *expected)
{
    const struct step *got = &rule->step, *step = &expected->step;
    unit_assert_bytes(rule->prefix, expected->message.attribute[MESSAGE_PREFIX]);
    unit_assert_bytes(got->table, step->table);
    unit_assert_bytes(got->chain, step->chain);
    unit_assert_bytes(got->rule, step->rule);
    unit_assert_bytes(got->target, step->target);
    unit_assert_bytes(got->comment, step->comment);
    unit_assert_bytes(got->context.in, step->context.in);
    unit_assert_bytes(got->context.out, step->context.out);
    unit_assert_bytes(got->context.physin, step->context.physin);
    unit_assert_bytes(got->context.physout, step->context.physout);
    assert_int_equal(got->type, step->type);
    assert_int_equal(got->rulenum, step->rulenum);
    assert_int_equal(got->ruleset, step->ruleset);
    assert_int_equal(got->stale, step->stale);
    assert_false(got->has_time);
    assert_false(got->context.has_hook);
}

/* Reads a block and compares it with the kept messages from `*at` on. */
static void assert_block_holds(const struct wire_writer *block, size_t *at)
{
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, body_of(block), unit_pool_allocate, &pool));
    assert_int_equal(reader.capture_id, 0xdeadbeef);
    unit_assert_bytes(reader.netns, BYTES("blue"));
    while (message_block_next_packet(&reader, &packet, NULL)) {
        while (message_block_next(&reader, &message, &rule, NULL)) {
            assert_true(*at < kept_count);
            const struct kept *expected = &kept[(*at)++];
            assert_int_equal(packet, expected->packet);
            assert_message_equal(message, &expected->message);
            assert_int_equal(rule != NULL, expected->has_step);
            if (rule)
                assert_rule_equal(rule, expected);
        }
    }
    assert_false(reader.reader.bad);
    pool_done(&pool);
}

/* Writes all that is kept, a block after the other, and reads each back. */
static void assert_round_trip(void)
{
    struct message_block_writer *writer = message_block_writer_new(0xdeadbeef, BYTES("blue"));
    struct wire_writer block = {0};
    size_t read = 0;
    for (size_t i = 0; i < kept_count; i++) {
        const struct step *step = kept[i].has_step ? &kept[i].step : NULL;
        if (i == 0 || kept[i].packet != kept[i - 1].packet)
            message_block_writer_packet(writer, kept[i].packet);
        if (message_block_writer_add(writer, &kept[i].message, step))
            continue;
        block.length = 0;
        message_block_writer_finish(writer, &block);
        assert_true(block.length + 100 <= PCAPNG_BLOCK_MAX);
        assert_block_holds(&block, &read);
        assert_int_equal(message_block_writer_length(writer), 0);
        assert_true(message_block_writer_add(writer, &kept[i].message, step));
    }
    block.length = 0;
    size_t length = message_block_writer_length(writer);
    message_block_writer_finish(writer, &block);
    assert_int_equal(block.length, length);
    if (block.length > 0)
        assert_block_holds(&block, &read);
    assert_int_equal(read, kept_count);
    wire_writer_done(&block);
    message_block_writer_free(writer);
}

static const struct step drop = {
    .table = BYTES("filter"),
    .chain = BYTES("INPUT"),
    .type = STEP_RULE,
    .rulenum = 3,
    .rule = BYTES("-A INPUT -p udp -j DROP"),
    .target = BYTES("DROP"),
    .ruleset = 2,
    .context.in = BYTES("eth0"),
};

static struct bytes be(uint8_t *at, uint64_t value, size_t length)
{
    for (size_t i = length; i > 0; i--, value >>= 8)
        at[i - 1] = (uint8_t)value;
    return (struct bytes){at, length};
}

/* Message `n` of a flood: what a veth's received packet brings at each of 8 steps. */
static void make_flood(uint64_t n, uint8_t room[512], struct message *message, struct step *step)
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
    be(room + 8, us / 1000000, 8);
    be(room + 16, us % 1000000, 8);
    message_set(message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 16});
    message_set(message, MESSAGE_IN, be(room + 24, 7, 4));
    message_set(message, MESSAGE_HWADDR, (struct bytes){room + 28, 12});
    message_set(message, MESSAGE_HWTYPE, be(room + 40, 1, 2));
    message_set(message, MESSAGE_HWLEN, be(room + 42, 14, 2));
    message_set(message, MESSAGE_HWHEADER, (struct bytes){room + 44, 14});
    message_set(message, MESSAGE_SEQ, be(room + 60, n, 4));
    message_set(message, MESSAGE_SEQ_GLOBAL, be(room + 64, n, 4));
    uint8_t *ip = room + 100;
    ip[0] = 0x45, ip[3] = 128, ip[8] = 64, ip[9] = 17;
    be(ip + 4, packet, 2);
    be(ip + 10, packet * 77, 2);
    be(ip + 20, 40000, 2);
    message_set(message, MESSAGE_PAYLOAD, (struct bytes){ip, 128});
    message_set(message, MESSAGE_PREFIX,
                (struct bytes){(const uint8_t *)points[point].prefix, strlen(points[point].prefix) + 1});
    *step = drop;
    step->table = (struct bytes){(const uint8_t *)points[point].table, strlen(points[point].table)};
    step->chain = (struct bytes){(const uint8_t *)points[point].chain, strlen(points[point].chain)};
    step->rulenum = point;
}

static void keep_flood(size_t count)
{
    uint8_t room[512];
    struct message message;
    struct step step;
    for (size_t n = 0; n < count; n++) {
        make_flood(n, room, &message, &step);
        keep((uint32_t)(n / 8 + 1), &message, &step);
    }
}

static void test_flood_comes_back_and_is_small(void **state)
{
    (void)state;
    keep_flood(4000);
    assert_round_trip();

    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    size_t at_start = 0;
    for (size_t i = 0; i < kept_count; i++) {
        message_block_writer_packet(writer, kept[i].packet);
        if (i % 8 != 0)
            continue;
        for (size_t k = i; k < i + 8; k++)
            assert_true(message_block_writer_add(writer, &kept[k].message, &kept[k].step));
        if (i == 0)
            at_start = message_block_writer_length(writer);
    }
    size_t each = (message_block_writer_length(writer) - at_start) * 10 / (kept_count - 8);
    assert_in_range(each, 1, 100); /* tenths of a byte a message */
    message_block_writer_free(writer);
    forget();
}

static struct bytes random_bytes(struct unit_random *random, uint8_t *room, uint32_t max)
{
    uint32_t length = unit_random_below(random, max + 1);
    for (uint32_t i = 0; i < length; i++)
        room[i] = unit_random_below(random, 3) ? 0 : (uint8_t)unit_random(random);
    return (struct bytes){room, length};
}

/* Changes a few attributes of the message, in every way there is. */
static void mutate(struct unit_random *random, struct message *message, uint8_t room[][2048])
{
    for (unsigned k = unit_random_below(random, 6); k > 0; k--) {
        unsigned type = unit_random_below(random, 5) ? 1 + unit_random_below(random, 21)
                                                     : unit_random_below(random, MESSAGE_ATTRIBUTES_MAX);
        uint32_t way = unit_random_below(random, 6);
        struct bytes old = message->attribute[type];
        if (way == 0)
            message_unset(message, type);
        else if (way == 1 && type == MESSAGE_TIMESTAMP)
            message_set(message, type, be(room[type], unit_random_below(random, 1000000), 16));
        else if (way <= 2 && (type == MESSAGE_SEQ || type == MESSAGE_SEQ_GLOBAL))
            message_set(message, type, be(room[type], unit_random(random) >> 30, 4));
        else if (way == 3 && old.length > 0)
            room[type][unit_random_below(random, (uint32_t)old.length)] ^= 0x55;
        else if (way == 4 && type == MESSAGE_PAYLOAD && message_has(message, type))
            message->attribute[type].length = unit_random_below(random, (uint32_t)old.length + 1);
        else
            message_set(message, type,
                        random_bytes(random, room[type],
                                     type == MESSAGE_PAYLOAD ? 2048 : 1u << unit_random_below(random, 8)));
    }
}

static void test_random_messages_come_back(void **state)
{
    (void)state;
    static uint8_t room[MESSAGE_ATTRIBUTES_MAX][2048];
    static const char *const rules[] = {"-A INPUT -j A", "-A INPUT -j B", "-A INPUT -j C", ""};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct unit_random random = {seed};
        struct message message = {0};
        uint32_t packet = 0;
        memset(room, 0, sizeof room);
        for (unsigned i = 0; i < 300; i++) {
            packet += unit_random_below(&random, 4) == 0 || i == 0;
            message.number += unit_random_below(&random, 3) == 0 ? unit_random(&random) : 1;
            if (unit_random_below(&random, 20) == 0)
                message.family = (uint8_t)unit_random(&random);
            message.received_us = unit_random(&random) % 3 ? 0 : unit_random(&random);
            mutate(&random, &message, room);
            struct step step = drop;
            const char *rule = rules[unit_random_below(&random, 4)];
            step.rule = (struct bytes){(const uint8_t *)rule, strlen(rule)};
            step.stale = unit_random_below(&random, 2);
            step.rulenum = unit_random_below(&random, 3);
            bool has_step = unit_random_below(&random, 4) != 0 && message_has(&message, MESSAGE_PREFIX);
            keep(packet, &message, has_step ? &step : NULL);
        }
        assert_round_trip();
        forget();
    }
}

static void test_counters_and_times_at_their_edges(void **state)
{
    (void)state;
    static const uint32_t counters[] = {0, UINT32_MAX, 0, 0, 1, 5, 4, 1u << 31, 0, 1u << 31, (1u << 31) + 1};
    static const uint64_t times[] = {0, 1, 0, 999999, 1000000, UINT32_MAX * 16000000ull, 5, 5, UINT32_MAX};
    uint8_t room[64];
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
        struct message message = {.number = UINT64_MAX - 3 + i};
        message_set(&message, MESSAGE_SEQ, be(room, counters[i], 4));
        message_set(&message, MESSAGE_SEQ_GLOBAL, be(room + 4, counters[i] * 3, i % 4 ? 4 : 3));
        uint64_t us = times[i % (sizeof times / sizeof times[0])];
        be(room + 8, us / 1000000, 8);
        be(room + 16, i == 6 ? 1000000 : us % 1000000, 8); /* once malformed */
        message_set(&message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 16});
        keep((uint32_t)(1 + i / 3), &message, NULL);
        keep((uint32_t)(1 + i / 3), &(struct message){.number = i}, NULL);
        keep((uint32_t)(1 + i / 3), &message, NULL);
        message_set(&message, MESSAGE_TIMESTAMP, (struct bytes){room + 8, 15});
        keep((uint32_t)(1 + i / 3), &message, NULL);
    }
    assert_round_trip();
    forget();
}

static void test_large_payloads_fill_blocks(void **state)
{
    (void)state;
    static uint8_t payload[MESSAGE_PAYLOAD_MAX];
    struct unit_random random = {7};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)unit_random(&random);
    for (unsigned i = 0; i < 600; i++) {
        struct message message = {.number = i + 1, .family = 10};
        payload[i] ^= 1;
        payload[sizeof payload - 1] = (uint8_t)i;
        message_set(&message, MESSAGE_PAYLOAD,
                    (struct bytes){payload, i % 50 == 49 ? i : MESSAGE_PAYLOAD_MAX});
        keep(i / 2 + 1, &message, NULL);
    }
    assert_round_trip();
    forget();
}

static void test_many_rules_fill_blocks(void **state)
{
    (void)state;
    static char texts[KEPT_MAX][24];
    static char prefixes[KEPT_MAX][32];
    for (unsigned i = 0; i < KEPT_MAX; i++) {
        struct step step = drop;
        struct message message = {.number = i + 1};
        int length = snprintf(texts[i], sizeof texts[i], "-A INPUT -m mark %u", i);
        step.rule = (struct bytes){(const uint8_t *)texts[i], (size_t)length};
        length = snprintf(prefixes[i], sizeof prefixes[i], "TRACE: filter:INPUT:rule:%u ", i);
        message_set(&message, MESSAGE_PREFIX,
                    (struct bytes){(const uint8_t *)prefixes[i], (size_t)length + 1});
        keep(i / 8 + 1, &message, &step);
    }
    assert_round_trip(); /* 2 strings each: it takes three blocks */
    forget();
}

static void test_texts_are_cut_and_too_long_messages_left_out(void **state)
{
    (void)state;
    static uint8_t text[MESSAGE_LENGTH_MAX];
    memset(text, 'x', sizeof text);
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    struct message message = {.number = 1};
    struct step step = drop;
    step.rule = (struct bytes){text, sizeof text};
    step.comment = step.table = step.chain = step.target = step.rule;
    message_set(&message, MESSAGE_PREFIX, BYTES("x"));
    message_set(&message, MESSAGE_HWHEADER, (struct bytes){text, 60000});
    message_set(&message, MESSAGE_PAYLOAD, (struct bytes){text, 65535});
    message_block_writer_packet(writer, 1);
    assert_true(message_block_writer_add(writer, &message, &step));
    assert_false(message_block_writer_add(writer, &message, &step));
    message_block_writer_finish(writer, &block);
    assert_in_range(block.length, 1, PCAPNG_BLOCK_MAX - 64);

    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *got;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, body_of(&block), unit_pool_allocate, &pool));
    assert_true(message_block_next_packet(&reader, &packet, NULL));
    assert_true(message_block_next(&reader, &got, &rule, NULL));
    assert_message_equal(got, &message);
    assert_int_equal(rule->step.rule.length, STEP_RULE_MAX);
    assert_int_equal(rule->step.comment.length, STEP_NAME_MAX);
    pool_done(&pool);

    message_set(&message, MESSAGE_CT, (struct bytes){text, 65535});
    assert_true(message_block_writer_add(writer, &message, &step));
    message.present = 1 << MESSAGE_PAYLOAD;
    message.attribute[MESSAGE_PAYLOAD].length = MESSAGE_PAYLOAD_MAX + 1;
    assert_true(message_block_writer_add(writer, &message, NULL));
    assert_int_equal(message_block_writer_length(writer), 0);
    block.length = 0;
    message_block_writer_finish(writer, &block);
    assert_int_equal(block.length, 0);
    wire_writer_done(&block);
    message_block_writer_free(writer);
}

static void test_packets_may_be_skipped(void **state)
{
    (void)state;
    keep_flood(80);
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    for (size_t i = 0; i < kept_count; i++) {
        if (i % 8 == 0)
            message_block_writer_packet(writer, kept[i].packet);
        assert_true(message_block_writer_add(writer, &kept[i].message, &kept[i].step));
    }
    message_block_writer_finish(writer, &block);
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, body_of(&block), unit_pool_allocate, &pool));
    for (unsigned i = 0; i < 10; i++) {
        assert_true(message_block_next_packet(&reader, &packet, NULL));
        for (unsigned k = 0; k < i % 3; k++) {
            assert_true(message_block_next(&reader, &message, &rule, NULL));
            assert_message_equal(message, &kept[i * 8 + k].message);
        }
    }
    assert_false(message_block_next_packet(&reader, &packet, NULL));
    assert_false(reader.reader.bad);
    pool_done(&pool);
    wire_writer_done(&block);
    message_block_writer_free(writer);
    forget();
}

static bool is_sound;
static size_t messages_read;

/* Reads all there is, and every byte of it. */
static void read_all(struct bytes body)
{
    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    volatile uint8_t sum = 0; /* read, so that a sanitizer sees what is behind the end */
    messages_read = 0;
    if (message_block_begin(&reader, body, unit_pool_allocate, &pool))
        while (message_block_next_packet(&reader, &packet, NULL))
            while (message_block_next(&reader, &message, &rule, NULL)) {
                messages_read++;
                for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
                    for (size_t i = 0; i < message->attribute[type].length; i += 1 + i / 64)
                        sum += message->attribute[type].data[i];
                if (rule && rule->step.rule.length > 0)
                    sum += rule->step.rule.data[rule->step.rule.length - 1];
            }
    is_sound = !reader.reader.bad;
    pool_done(&pool);
    (void)sum;
}

static void test_damage_is_survived(void **state)
{
    (void)state;
    keep_flood(40);
    struct message_block_writer *writer = message_block_writer_new(1, (struct bytes){0});
    struct wire_writer block = {0};
    for (size_t i = 0; i < kept_count; i++) {
        if (i % 8 == 0)
            message_block_writer_packet(writer, kept[i].packet);
        assert_true(message_block_writer_add(writer, &kept[i].message, &kept[i].step));
    }
    message_block_writer_finish(writer, &block);
    read_all(body_of(&block));
    assert_true(is_sound);
    assert_int_equal(messages_read, 40);
    unit_cut_everywhere(body_of(&block), read_all);
    unit_flip_everywhere(body_of(&block), read_all);
    wire_writer_done(&block);
    message_block_writer_free(writer);
    forget();
}

/* A block of hand-made fields: what is not made by our writer. */
static size_t begin_one_message(struct wire_writer *out, size_t *ret_packet)
{
    *ret_packet = wire_write_begin(out, 5);
    wire_write_uint(out, 1, 1);
    return wire_write_begin(out, 2);
}

static bool one_message_is_sound(struct bytes fields)
{
    struct wire_writer out = {0};
    size_t packet, message = begin_one_message(&out, &packet);
    wire_write_raw(&out, fields.data, fields.length);
    wire_write_end(&out, message);
    wire_write_end(&out, packet);
    read_all(unit_written(&out));
    wire_writer_done(&out);
    return is_sound;
}

static void test_what_is_damage_and_what_is_skipped(void **state)
{
    (void)state;
    assert_true(one_message_is_sound(BYTES("")));
    assert_true(one_message_is_sound(BYTES("\x7a\x03"
                                           "abc"
                                           "\x78\x05")));                    /* fields 15: unknown */
    assert_true(one_message_is_sound(BYTES("\x22\x01\x63")));                /* attribute 99: unknown */
    assert_true(one_message_is_sound(BYTES("\x18\x63")));                    /* likewise absent */
    assert_true(one_message_is_sound(BYTES("\x48\x00")));                    /* rule 0: none */
    assert_true(one_message_is_sound(BYTES("\x38\x04\x42\x04\x01\x02xy")));  /* 4 bytes: 0 x y 0 */
    assert_true(one_message_is_sound(BYTES("\x28\x01\x30\x02")));            /* counters out of nothing */
    assert_false(one_message_is_sound(BYTES("\x22\x00")));                   /* attribute without type */
    assert_false(one_message_is_sound(BYTES("\x48\x01")));                   /* a rule that is not there */
    assert_false(one_message_is_sound(BYTES("\x38\x80\x80\x04")));           /* payload of 65536 bytes */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x04\x01\x02xy"))); /* patch beyond the payload */
    assert_false(one_message_is_sound(BYTES("\x38\x04\x42\x03\x00\x02x")));  /* patch cut */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x03\x03\x01x")));  /* a skip beyond it */
    assert_false(one_message_is_sound(BYTES("\x38\x02\x42\x05\x80\x80\x7f\x01x")));
    assert_false(one_message_is_sound(BYTES("\x42\x02\x00\x80")));
    assert_false(one_message_is_sound(BYTES("\x10\x01"))); /* a time before 1970 */
    assert_false(one_message_is_sound(BYTES("\x0a\x00"))); /* a type that is wrong */
}

static void test_later_fields_of_block_and_packet_are_skipped(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    wire_write_bytes(&out, 77, BYTES("later"));
    wire_write_fixed32(&out, 1, 5);
    wire_write_bytes(&out, 3, BYTES("P"));
    size_t rule = wire_write_begin(&out, 4);
    wire_write_bytes(&out, 99, BYTES("later"));
    wire_write_uint(&out, 1, STRINGS_OWN_FIRST);
    wire_write_end(&out, rule);
    size_t packet = wire_write_begin(&out, 5);
    wire_write_uint(&out, 1, 9);
    wire_write_fixed64(&out, 50, 1);
    wire_write_bytes(&out, 2, BYTES("\x48\x01"));
    wire_write_fixed64(&out, 50, 1);
    wire_write_end(&out, packet);
    wire_write_bytes(&out, 77, BYTES("later"));
    wire_write_bytes(&out, 3, BYTES("too late to be a string"));

    struct unit_pool pool = {0};
    struct message_block_reader reader;
    const struct message *message;
    const struct block_rule *found;
    uint32_t number;
    assert_true(message_block_begin(&reader, unit_written(&out), unit_pool_allocate, &pool));
    assert_int_equal(reader.capture_id, 5);
    assert_true(message_block_next_packet(&reader, &number, NULL));
    assert_int_equal(number, 9);
    assert_true(message_block_next(&reader, &message, &found, NULL));
    unit_assert_bytes(found->prefix, BYTES("P"));
    unit_assert_bytes(message->attribute[MESSAGE_PREFIX], BYTES("P"));
    assert_false(message_block_next(&reader, &message, &found, NULL));
    assert_false(message_block_next_packet(&reader, &number, NULL));
    assert_false(reader.reader.bad);
    pool_done(&pool);
    wire_writer_done(&out);
}

static void test_malicious_blocks_cost_little(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    /* Too many strings, too many rules. */
    for (unsigned i = 0; i <= MESSAGE_BLOCK_STRINGS_MAX; i++)
        wire_write_bytes(&out, 3, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);
    out.length = 0;
    for (unsigned i = 0; i <= MESSAGE_BLOCK_RULES_MAX; i++)
        wire_write_bytes(&out, 4, BYTES(""));
    read_all(unit_written(&out));
    assert_false(is_sound);

    /* Two bytes a message. */
    out.length = 0;
    size_t packet = wire_write_begin(&out, 5);
    while (out.length < PCAPNG_BLOCK_MAX)
        wire_write_bytes(&out, 2, BYTES(""));
    wire_write_end(&out, packet);
    read_all(unit_written(&out));
    assert_true(is_sound);

    /* 64 KiB to copy for every few bytes: refused at the bound. */
    out.length = 0;
    while (out.length < PCAPNG_BLOCK_MAX) {
        packet = wire_write_begin(&out, 5);
        wire_write_bytes(&out, 2, BYTES("\x38\xff\xff\x03"));
        wire_write_bytes(&out, 2, BYTES("\x42\x03\x00\x01x"));
        wire_write_end(&out, packet);
    }
    read_all(unit_written(&out));
    assert_false(is_sound);
    assert_int_equal(messages_read, MESSAGE_BLOCK_PATCHED_MAX / MESSAGE_PAYLOAD_MAX);
    wire_writer_done(&out);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    read_all((struct bytes){0});
    assert_true(is_sound);
    assert_int_equal(messages_read, 0);
    message_block_writer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flood_comes_back_and_is_small),
        cmocka_unit_test(test_random_messages_come_back),
        cmocka_unit_test(test_counters_and_times_at_their_edges),
        cmocka_unit_test(test_large_payloads_fill_blocks),
        cmocka_unit_test(test_many_rules_fill_blocks),
        cmocka_unit_test(test_texts_are_cut_and_too_long_messages_left_out),
        cmocka_unit_test(test_packets_may_be_skipped),
        cmocka_unit_test(test_damage_is_survived),
        cmocka_unit_test(test_what_is_damage_and_what_is_skipped),
        cmocka_unit_test(test_later_fields_of_block_and_packet_are_skipped),
        cmocka_unit_test(test_malicious_blocks_cost_little),
        cmocka_unit_test(test_nothing_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
