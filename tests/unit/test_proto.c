/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Our writers and readers against somebody else's: format/iptrace.proto and protoc. */
#include "tests/unit/unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "format/names.h"
#include "format/path_record.h"
#include "format/ruleset_block.h"

#define SKIPPED 77

/* Runs protoc with `input` as its standard input; free() what it printed. */
static struct bytes run_protoc(const char *mode, const char *type, struct bytes input)
{
    char command[512];
    int fd =
        memfd_create("iptrace-proto", MFD_CLOEXEC); /* nothing is left of it, also where an assertion fails */
    assert_true(fd >= 0);
    assert_int_equal(write(fd, input.data, input.length), input.length);
    snprintf(command, sizeof command, "protoc --%s=iptrace.%s -I '%s/format' iptrace.proto < /proc/%d/fd/%d",
             mode, type, IPTRACE_SOURCE_DIR, (int)getpid(), fd);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t capacity = 1 << 20;
    char *output = unit_allocate(capacity);
    size_t length = fread(output, 1, capacity - 1, pipe);
    output[length] = 0;
    assert_int_equal(pclose(pipe), 0);
    close(fd);
    return (struct bytes){(const uint8_t *)output, length};
}

/* A field that the schema does not name is printed by its number. */
static void assert_all_fields_named(const char *text)
{
    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += strspn(line, "\n ");
        assert_false(*line >= '0' && *line <= '9');
    }
}

static void assert_says(const char *text, const char *const *lines)
{
    for (; *lines; lines++)
        if (!strstr(text, *lines))
            fail_msg("`%s` is not said in\n%s", *lines, text);
}

static struct bytes body_of(const struct wire_writer *written)
{
    unsigned version, kind;
    struct bytes body;
    assert_int_equal(envelope_open(unit_written(written), &version, &kind, &body), ENVELOPE_OK);
    return body;
}

/* Decodes and compares; gives what protoc makes of its own text again. */
static struct bytes there_and_back(const char *type, const struct wire_writer *written,
                                   const char *const *expected)
{
    struct bytes text = run_protoc("decode", type, body_of(written));
    assert_all_fields_named((const char *)text.data);
    assert_says((const char *)text.data, expected);
    struct bytes back = run_protoc("encode", type, text);
    free((void *)text.data);
    return back;
}

static const struct step step = {
    .table = BYTES("filter"),
    .chain = BYTES("INPUT"),
    .type = STEP_UNKNOWN,
    .rulenum = 3,
    .rule = BYTES("-A INPUT -m comment --comment \"a b\" -j DROP"),
    .target = BYTES("DROP"),
    .comment = BYTES("a b"),
    .ruleset = 7,
    .stale = true,
    .has_time = true,
    .time_ns = -12,
    .context.has_hook = true,
    .context.has_mark = true,
    .context.has_uid = true,
    .context.has_gid = true,
    .context.hook = HOOK_INPUT,
    .context.in = BYTES("eth0"),
    .context.out = BYTES("eth1"),
    .context.physin = BYTES("veth0"),
    .context.physout = BYTES("veth1"),
    .context.mark = 0xffffffff,
    .context.gid = 1000,
    .change.src = BYTES("\x0a\x01\x02\x03"),
    .change.dst = BYTES("0123456789abcdef"),
    .change.has_srcport = true,
    .change.has_dstport = true,
    .change.has_ttl = true,
    .change.has_tos = true,
    .change.has_length = true,
    .change.srcport = 53,
    .change.dstport = 65535,
    .change.ttl = 64,
    .change.length = 1500,
};

static void test_path(void **state)
{
    (void)state;
    static const struct path path = {
        .packet_id = 0xfedcba9800000007ull,
        .verdict = VERDICT_REJECT,
        .reason = REASON_VANISHED_OUTPUT,
        .decided = 1,
        .backend = BACKEND_NFT,
        .incomplete = true,
        .cut = true,
        .steps = 5,
        .netns = BYTES("blue"),
    };
    static const char *const expected[] = {
        "packet_id: 18364758542507835399",
        "verdict: VERDICT_REJECT",
        "reason: REASON_VANISHED_OUTPUT",
        "decided: 1",
        "flags: 9",
        "backend: BACKEND_NFT",
        "steps: 5",
        "netns: \"blue\"",
        "string: \"-m comment --comment \\\"a b\\\"\"",
        "type: STEP_UNKNOWN",
        "rulenum: 3",
        "ruleset: 7",
        "stale: true",
        "time: -12",
        "hook: HOOK_INPUT",
        "physout: 34",
        "mark: 4294967295",
        "uid: 0",
        "gid: 1000",
        "src: \"\\n\\001\\002\\003\"",
        "srcport: 53",
        "dstport: 65535",
        "ttl: 64",
        "tos: 0",
        "length: 1500",
        "options: 35",
        "comment_at: 31",
        "comment_length: 3",
        NULL,
    };
    struct path_writer *writer = calloc(1, sizeof *writer);
    struct wire_writer out = {0};
    path_record_write(&out, writer, &path, &step, 1);
    /* Our fields stand in the order of their numbers and none that says nothing: the bytes are the same. */
    struct bytes back = there_and_back("Path", &out, expected);
    unit_assert_bytes(back, body_of(&out));
    free((void *)back.data);
    path_writer_done(writer);
    free(writer);
    wire_writer_done(&out);
}

static void test_ruleset(void **state)
{
    (void)state;
    static const struct ruleset_part part = {
        .capture_id = 0xfffffffe,
        .ruleset = 4,
        .generation = 2,
        .family = 6,
        .table = BYTES("raw"),
        .netns = BYTES("blue"),
        .time_ns = 1700000000123456789ull,
        .part = 1,
        .parts = 3,
        .text = BYTES("*raw\nCOMMIT\n"),
    };
    static const struct ruleset_own own = {BYTES("OUTPUT"), 1};
    static const char *const expected[] = {
        "capture_id: 4294967294",
        "ruleset: 4",
        "generation: 2",
        "family: 6",
        "table: \"raw\"",
        "netns: \"blue\"",
        "time: 1700000000123456789",
        "part: 1",
        "parts: 3",
        "text: \"*raw\\nCOMMIT\\n\"",
        "chain: \"OUTPUT\"",
        "number: 1",
        NULL,
    };
    struct wire_writer out = {0};
    ruleset_part_write(&out, &part, &own, 1);
    struct bytes back = there_and_back("Ruleset", &out, expected);
    unit_assert_bytes(back, body_of(&out));
    free((void *)back.data);
    wire_writer_done(&out);
}

/* Three messages that use every field. */
static void make_messages(struct message messages[3])
{
    static const uint8_t payload[64] = {0x45, 1, 2, 3};
    static const uint8_t changed[60] = {0x45, 1, 2, 3, [40] = 9};
    memset(messages, 0, 3 * sizeof *messages);
    messages[0].number = 100;
    messages[0].family = 2;
    message_set(&messages[0], MESSAGE_PREFIX, BYTES("TRACE: filter:INPUT:rule:3 \0"));
    message_set(&messages[0], MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\0\0\1"));
    message_set(&messages[0], MESSAGE_PAYLOAD, (struct bytes){payload, sizeof payload});
    message_set(&messages[0], MESSAGE_SEQ, BYTES("\0\0\0\5"));
    message_set(&messages[0], MESSAGE_SEQ_GLOBAL, BYTES("\0\0\0\6"));
    message_set(&messages[0], MESSAGE_UID, BYTES("\0\0\0\0"));
    messages[1] = messages[0];
    messages[1].number = 101;
    messages[1].family = 10;
    message_unset(&messages[1], MESSAGE_UID);
    message_set(&messages[1], MESSAGE_PAYLOAD, (struct bytes){changed, sizeof changed});
    message_set(&messages[1], MESSAGE_SEQ, BYTES("\0\0\0\6"));
    message_set(&messages[1], MESSAGE_SEQ_GLOBAL, BYTES("\0\0\0\6"));
    messages[2] = messages[1];
    messages[2].number = 90;
    message_set(&messages[2], MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\0\0\0"));
    message_set(&messages[2], MESSAGE_PREFIX, BYTES("foreign\0"));
}

static void test_message_block(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "capture_id: 4294967294",
        "netns: \"blue\"",
        "string: \"TRACE: filter:INPUT:rule:3 \\000\"",
        "prefix: 32",
        "type: STEP_UNKNOWN",
        "physin: 34",
        "number: 41",
        "number: 99",
        "number: -12",
        "time: 1700000000000001",
        "time: -1\n",
        "without: 11",
        "attribute: \"\\013\\000\\000\\000\\000\"",
        "seq: 5",
        "seq_global: 6",
        "seq_global: -1",
        "payload_length: 60",
        "patch: \"(\\001\\t\"",
        "rule: 1",
        "family: 10",
        NULL,
    };
    struct message messages[3];
    struct wire_writer out = {0};
    struct message_block_writer *writer = message_block_writer_new(0xfffffffe, BYTES("blue"));
    make_messages(messages);
    message_block_writer_packet(writer, 41);
    for (size_t i = 0; i < 3; i++)
        assert_true(message_block_writer_add(writer, &messages[i], i < 2 ? &step : NULL));
    message_block_writer_finish(writer, &out);
    struct bytes back = there_and_back("MessageBlock", &out, expected);

    struct message_block_reader reader;
    struct unit_pool pool = {0};
    const struct message *message;
    const struct block_rule *rule;
    uint32_t packet;
    assert_true(message_block_begin(&reader, back, unit_pool_allocate, &pool));
    assert_true(message_block_next_packet(&reader, &packet, NULL));
    for (size_t i = 0; i < 3; i++) {
        assert_true(message_block_next(&reader, &message, &rule, NULL));
        assert_int_equal(message->number, messages[i].number);
        assert_int_equal(message->family, messages[i].family);
        assert_int_equal(message->present, messages[i].present);
        for (unsigned type = 0; type < MESSAGE_ATTRIBUTES_MAX; type++)
            unit_assert_bytes(message->attribute[type], messages[i].attribute[type]);
    }
    assert_false(message_block_next_packet(&reader, &packet, NULL));
    assert_false(reader.reader.bad);
    unit_pool_done(&pool);
    free((void *)back.data);
    message_block_writer_free(writer);
    wire_writer_done(&out);
}

#define NUMBERED(symbol, number, name) "  " #symbol " = " #number ";",

static void test_enums_are_those_of_the_code(void **state)
{
    (void)state;
    static const char *const enumerators[] = {
        VERDICT_TABLE(NUMBERED) REASON_TABLE(NUMBERED) STEP_TYPE_TABLE(NUMBERED) HOOK_TABLE(NUMBERED)
            BACKEND_TABLE(NUMBERED) NULL,
    };
    FILE *file = fopen(IPTRACE_SOURCE_DIR "/format/iptrace.proto", "r");
    assert_non_null(file);
    static char text[1 << 16];
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    assert_says(text, enumerators);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enums_are_those_of_the_code),
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_ruleset),
        cmocka_unit_test(test_message_block),
    };
    if (system("command -v protoc > /dev/null") != 0) {
        puts("skipped: protoc is not installed (Debian: protobuf-compiler)");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
