/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include <glib/gstdio.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "recorder/core/capture.h"
#include "recorder/legacy/walk/pipeline.h"

#define RAW    "*raw\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\nCOMMIT\n"
#define FILTER "*filter\n:INPUT DROP\n:OUTPUT ACCEPT\n-A INPUT -p udp -j LOG\nCOMMIT\n"

enum {
    SECTION = 0x0a0d0d0a,
    INTERFACE = 1,
    STATISTICS = 5,
    PACKET = 6,
    JOURNAL = 9,
};

static const struct capture_options with_blocks = {
    .capture_id = 0xc0ffee, .blocks = true, .snapshot_length = 256, .application = "test"};

static void take(void *user, const struct ended_path *finished)
{
    struct path_steps steps = {0};
    capture_add_packet(user, path_steps_make(&steps, finished, (struct bytes){0}), 0);
    path_steps_done(&steps);
}

static void add_rules(void *user, const struct rules_record *rules)
{
    capture_add_rules(user, rules);
}

static void begin(struct build_world *world, struct capture *capture)
{
    const struct assembler_limits limits = {0};
    build_world_init(world);
    build_put_rules(world->book, RAW);
    build_put_rules(world->book, FILTER);
    rulebook_set_tables(world->book, 4, 1 << TABLE_RAW | 1 << TABLE_FILTER, 0);
    assembler_free(world->assembler);
    world->assembler = assembler_new(world->book, &limits, take, capture);
}

static void say_packet(struct build_world *world)
{
    world->packet.srcport++;
    build_say(world, HOOK_PREROUTING, "raw:PREROUTING:policy:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:rule:1");
    build_say(world, HOOK_INPUT, "filter:INPUT:policy:2");
}

struct block {
    uint32_t type;
    struct bytes body;
};

static uint32_t get32(const uint8_t *at)
{
    return at[0] | at[1] << 8 | at[2] << 16 | (uint32_t)at[3] << 24;
}

/* All blocks, each checked for its two lengths and the bound. */
static GArray *blocks_of(struct bytes file)
{
    GArray *blocks = g_array_new(FALSE, FALSE, sizeof(struct block));
    for (size_t at = 0; at < file.length;) {
        assert_true(file.length - at >= 12);
        uint32_t length = get32(file.data + at + 4);
        assert_true(length >= 12 && length % 4 == 0 && length <= PCAPNG_BLOCK_MAX &&
                    length <= file.length - at);
        assert_int_equal(get32(file.data + at + length - 4), length);
        struct block block = {
            get32(file.data + at), {file.data + at + 8, length - 12}
        };
        g_array_append_val(blocks, block);
        at += length;
    }
    return blocks;
}

static struct block block_at(const GArray *blocks, guint index)
{
    assert_true(index < blocks->len);
    return g_array_index(blocks, struct block, index);
}

static unsigned kind_of(struct block block)
{
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(block.type, PCAPNG_CUSTOM_BLOCK);
    assert_int_equal(get32(block.body.data), IPTRACE_PEN);
    assert_int_equal(
        envelope_open((struct bytes){block.body.data + 4, block.body.length - 4}, &version, &kind, &body),
        ENVELOPE_OK);
    return kind;
}

static void *allocate(void *user, size_t size)
{
    void *memory = g_malloc0(size);
    g_ptr_array_add(user, memory);
    return memory;
}

/* Adds the messages of each packet of the block to `counts`, by the packet's number. */
static void count_messages(struct block block, GArray *counts)
{
    unsigned version, kind;
    struct bytes body;
    envelope_open((struct bytes){block.body.data + 4, block.body.length - 4}, &version, &kind, &body);
    g_autoptr(GPtrArray) memory = g_ptr_array_new_with_free_func(g_free);
    struct message_block_reader reader;
    uint32_t packet;
    assert_true(message_block_begin(&reader, body, allocate, memory));
    assert_int_equal(reader.capture_id, 0xc0ffee);
    while (message_block_next_packet(&reader, &packet, NULL)) {
        const struct message *message;
        const struct block_rule *rule;
        if (counts->len <= packet)
            g_array_set_size(counts, packet + 1);
        while (message_block_next(&reader, &message, &rule, NULL)) {
            assert_non_null(rule);
            g_array_index(counts, uint32_t, packet)++;
        }
    }
    assert_false(reader.reader.bad);
}

static void test_order_of_blocks(void **state)
{
    (void)state;
    static const uint32_t expected[] = {SECTION,    INTERFACE, JOURNAL, PACKET,
                                        PACKET,     INTERFACE, PACKET,  PCAPNG_CUSTOM_BLOCK,
                                        STATISTICS, STATISTICS};
    struct capture *capture = capture_new(&with_blocks);
    struct build_world world;
    begin(&world, capture);
    capture_begin_file(capture, BYTES("eth0"));
    capture_add_journal(capture, 1, JOURNAL_INFO, "started", "Capture started.", NULL, 0);
    say_packet(&world);
    say_packet(&world);
    world.in = "veth1";
    say_packet(&world);
    build_wait(&world, 100);
    capture_flush_messages(capture);
    capture_flush_messages(capture); /* nothing is left */
    capture_end_file(capture, 1, 2, 0);

    g_autoptr(GArray) blocks = blocks_of(capture_take(capture));
    assert_int_equal(blocks->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < blocks->len; i++)
        assert_int_equal(block_at(blocks, i).type, expected[i]);
    assert_int_equal(get32(block_at(blocks, 6).body.data), 1); /* the second interface */
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    assert_int_equal(kind_of(block_at(blocks, 7)), ENVELOPE_MESSAGES);
    count_messages(block_at(blocks, 7), counts);
    assert_int_equal(counts->len, 4);
    for (guint i = 1; i < 4; i++)
        assert_int_equal(g_array_index(counts, uint32_t, i), 3);
    assert_int_equal(capture_take(capture).length, 0);
    capture_free(capture);
    build_world_done(&world);
}

/* Thousands of messages make several blocks; none is missing, and none before its packet. */
static void test_many_messages(void **state)
{
    (void)state;
    enum { PACKETS = 20000 };
    struct capture *capture = capture_new(&with_blocks);
    struct build_world world;
    begin(&world, capture);
    capture_begin_file(capture, BYTES("eth0"));
    char payload[150];
    world.packet.payload = payload;
    for (unsigned i = 0; i < PACKETS; i++) {
        snprintf(payload, sizeof payload, "%0140u", i * 2654435761u);
        say_packet(&world);
    }
    assembler_finish(world.assembler);
    capture_flush_messages(capture);

    g_autoptr(GArray) blocks = blocks_of(capture_take(capture));
    g_autoptr(GArray) counts = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    unsigned packets = 0, custom = 0;
    for (guint i = 0; i < blocks->len; i++) {
        packets += block_at(blocks, i).type == PACKET;
        if (block_at(blocks, i).type != PCAPNG_CUSTOM_BLOCK)
            continue;
        custom++;
        count_messages(block_at(blocks, i), counts);
        assert_true(counts->len <= packets + 1);
    }
    assert_true(custom > 1);
    assert_int_equal(packets, PACKETS);
    assert_int_equal(counts->len, PACKETS + 1);
    for (guint i = 1; i <= PACKETS; i++)
        assert_int_equal(g_array_index(counts, uint32_t, i), 3);
    capture_free(capture);
    build_world_done(&world);
}

/* A long ruleset is cut after lines, and put together again it is the same. */
static void test_long_rulesets(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new("*filter\n:INPUT ACCEPT\n");
    for (unsigned i = 0; i < 12000; i++)
        g_string_append_printf(text, "-A INPUT -s 10.0.%u.%u/32 -p udp -m comment --comment \"x\" -j DROP\n",
                               i >> 8, i & 255);
    g_string_append(text, "-A INPUT -m comment --comment \"");
    for (unsigned i = 0; i < 300000; i++)
        g_string_append_c(text, 'y');
    g_string_append(text, "\" -j DROP\nCOMMIT\n");
    struct ruleset *ruleset = build_ruleset(text->str);
    struct capture *capture = capture_new(&with_blocks);
    capture_begin_file(capture, BYTES("eth0"));
    pipeline_tell_rules(ruleset, (struct bytes){0}, add_rules, capture);

    g_autoptr(GArray) blocks = blocks_of(capture_take(capture));
    g_autoptr(GString) again = g_string_new(NULL);
    assert_true(blocks->len > 5);
    for (guint i = 2; i < blocks->len; i++) {
        struct block block = block_at(blocks, i);
        unsigned version, kind;
        struct bytes body;
        struct ruleset_part part;
        assert_int_equal(kind_of(block), ENVELOPE_RULESET);
        envelope_open((struct bytes){block.body.data + 4, block.body.length - 4}, &version, &kind, &body);
        assert_true(ruleset_part_read(body, &part));
        assert_int_equal(part.part, i - 2);
        assert_int_equal(part.parts, blocks->len - 2);
        assert_int_equal(part.ruleset, 1);
        unit_assert_bytes(part.table, BYTES("filter"));
        g_string_append_len(again, (const char *)part.text.data, (gssize)part.text.length);
    }
    assert_true(g_string_equal(text, again));
    capture_free(capture);
    ruleset_unref(ruleset);
}

static void test_without_custom_blocks(void **state)
{
    (void)state;
    const struct capture_options options = {.capture_id = 1, .application = "test"};
    struct capture *capture = capture_new(&options);
    struct ruleset *ruleset = build_ruleset(FILTER);
    struct build_world world;
    begin(&world, capture);
    capture_begin_file(capture, BYTES("eth0"));
    pipeline_tell_rules(ruleset, (struct bytes){0}, add_rules, capture);
    say_packet(&world);
    assembler_finish(world.assembler);
    capture_flush_messages(capture);
    g_autoptr(GArray) blocks = blocks_of(capture_take(capture));
    for (guint i = 0; i < blocks->len; i++)
        assert_int_not_equal(block_at(blocks, i).type, PCAPNG_CUSTOM_BLOCK);
    assert_int_equal(blocks->len, 3);
    capture_free(capture);
    capture_free(NULL);
    ruleset_unref(ruleset);
    build_world_done(&world);
}

/* The next file of a ring stands by itself. */
static void test_next_file(void **state)
{
    (void)state;
    struct capture *capture = capture_new(&with_blocks);
    struct build_world world;
    begin(&world, capture);
    for (unsigned file = 0; file < 2; file++) {
        capture_begin_file(capture, BYTES("eth0"));
        capture_add_interface(capture, BYTES("eth0")); /* is declared */
        capture_add_interface(capture, BYTES("eth1"));
        say_packet(&world);
        assembler_finish(world.assembler);
        g_autoptr(GArray) blocks = blocks_of(capture_take(capture));
        assert_int_equal(blocks->len, 4);
        assert_int_equal(block_at(blocks, 0).type, SECTION);
        assert_int_equal(block_at(blocks, 2).type, INTERFACE);
        assert_int_equal(get32(block_at(blocks, 3).body.data), 0);
    }
    capture_free(capture);
    build_world_done(&world);
}

static bool run(const char *const *arguments, char **ret_output)
{
    int status;
    g_autofree char *program = g_find_program_in_path(arguments[0]);
    if (!program)
        return false;
    assert_true(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, ret_output,
                             NULL, &status, NULL));
    assert_true(g_spawn_check_wait_status(status, NULL));
    return true;
}

/* Those who know the format read what we write. */
static void test_real_tools(void **state)
{
    (void)state;
    struct capture *capture = capture_new(&with_blocks);
    struct ruleset *ruleset = build_ruleset(FILTER);
    struct build_world world;
    begin(&world, capture);
    capture_begin_file(capture, BYTES("eth0"));
    capture_add_journal(capture, 1700000000000000000, JOURNAL_INFO, "started", "Capture started.", NULL, 0);
    for (unsigned i = 0; i < 5; i++)
        say_packet(&world);
    assembler_finish(world.assembler);
    capture_flush_messages(capture);
    pipeline_tell_rules(ruleset, (struct bytes){0}, add_rules, capture);
    capture_end_file(capture, 1700000000000000000, 1700000001000000000, 0);
    struct bytes file = capture_take(capture);
    g_autofree char *name = g_strdup_printf("%s/iptrace-test-%d.pcapng", g_get_tmp_dir(), (int)getpid());
    assert_true(g_file_set_contents(name, (const char *)file.data, (gssize)file.length, NULL));

    bool ran = false;
    g_autofree char *output = NULL;
    const char *const tshark[] = {"tshark", "-r",     name, "-Y",          "udp",
                                  "-T",     "fields", "-e", "udp.dstport", NULL};
    if (run(tshark, &output)) {
        ran = true;
        assert_string_equal(output, "53\n53\n53\n53\n53\n");
    }
    const char *const capinfos[] = {"capinfos", "-T", "-r", "-c", name, NULL};
    g_autofree char *infos = NULL;
    if (run(capinfos, &infos)) {
        ran = true;
        assert_non_null(strstr(infos, name));
    }
    g_unlink(name);
    capture_free(capture);
    ruleset_unref(ruleset);
    build_world_done(&world);
    if (!ran)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_blocks), cmocka_unit_test(test_many_messages),
        cmocka_unit_test(test_long_rulesets),   cmocka_unit_test(test_without_custom_blocks),
        cmocka_unit_test(test_next_file),       cmocka_unit_test(test_real_tools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
