/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The examples of docs/format.md are the bytes that our writers make. */
#include "tests/unit/unit.h"

#include <ctype.h>

#include "format/envelope.h"
#include "format/message_block.h"
#include "format/path_record.h"

#define CAPTURE_ID 0x5ca1ab1e

static const struct step accepted = {
    .table = BYTES("raw"),
    .chain = BYTES("PREROUTING"),
    .type = STEP_POLICY,
    .rule = BYTES("-P PREROUTING ACCEPT"),
    .target = BYTES("ACCEPT"),
    .ruleset = 1,
    .has_time = true,
    .context.has_hook = true,
    .context.hook = HOOK_PREROUTING,
    .context.in = BYTES("eth0"),
};

static const struct step dropped = {
    .table = BYTES("filter"),
    .chain = BYTES("INPUT"),
    .type = STEP_RULE,
    .rulenum = 3,
    .rule = BYTES("-A INPUT -p udp -j DROP"),
    .target = BYTES("DROP"),
    .ruleset = 2,
    .has_time = true,
    .time_ns = 3000,
    .context.has_hook = true,
    .context.hook = HOOK_INPUT,
    .context.in = BYTES("eth0"),
};

/* The hexadecimal column of the code block below the line `<!-- example: NAME -->`. */
static void read_example(const char *name, struct wire_writer *out)
{
    FILE *file = fopen(IPTRACE_SOURCE_DIR "/docs/format.md", "r");
    assert_non_null(file);
    char line[512], mark[64];
    snprintf(mark, sizeof mark, "<!-- example: %s -->\n", name);
    bool found = false;
    while (fgets(line, sizeof line, file)) {
        unsigned offset, byte;
        int at = 0, used;
        if (strcmp(line, mark) == 0) {
            found = true;
            continue;
        }
        if (!found || strncmp(line, "```", 3) == 0) {
            if (out->length > 0)
                break;
            continue;
        }
        if (sscanf(line, "%4x %n", &offset, &at) < 1)
            continue;
        assert_int_equal(offset, out->length);
        for (const char *digit = line + at; isxdigit(digit[0]) && isxdigit(digit[1]) && isspace(digit[2]);
             digit += 3) {
            sscanf(digit, "%2x%n", &byte, &used);
            wire_write_raw(out, &(uint8_t){(uint8_t)byte}, 1);
        }
    }
    fclose(file);
}

static void assert_is_example(const char *name, const struct wire_writer *made)
{
    struct wire_writer example = {0};
    read_example(name, &example);
    if (!bytes_equal(unit_written(&example), unit_written(made))) {
        print_message("the example `%s` of docs/format.md should be\n", name);
        for (size_t i = 0; i < made->length; i++)
            print_message("%02x%s", made->data[i], i % 16 == 15 || i + 1 == made->length ? "\n" : " ");
        fail();
    }
    wire_writer_done(&example);
}

static void test_path_record(void **state)
{
    (void)state;
    const struct path path = {
        .packet_id = (uint64_t)CAPTURE_ID << 32 | 1,
        .verdict = VERDICT_DROP,
        .reason = REASON_RULE,
        .decided = 2,
        .backend = BACKEND_LEGACY,
        .steps = 2,
    };
    const struct step steps[] = {accepted, dropped};
    struct path_writer *writer = calloc(1, sizeof *writer);
    struct wire_writer out = {0};
    path_record_write(&out, writer, &path, steps, 2);
    assert_is_example("path record", &out);
    path_writer_done(writer);
    free(writer);
    wire_writer_done(&out);
}

/* Two messages of packet 1 and the first of packet 2, as the recorder receives them. */
static void test_message_block(void **state)
{
    (void)state;
    uint8_t payload[] = {0x45, 0, 0,  28, 0, 1, 0,    0,    64, 17, 0x66, 0xce, 10, 0,
                         0,    1, 10, 0,  0, 2, 0xd4, 0x31, 0,  53, 0,    8,    0,  0};
    struct message messages[3] = {
        {.number = 1, .family = 2}
    };
    message_set(&messages[0], MESSAGE_PACKET_HEADER, BYTES("\x08\0\0\0"));
    message_set(&messages[0], MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x01\xe2\x40"));
    message_set(&messages[0], MESSAGE_IN, BYTES("\0\0\0\2"));
    message_set(&messages[0], MESSAGE_PAYLOAD, (struct bytes){payload, sizeof payload});
    message_set(&messages[0], MESSAGE_PREFIX, BYTES("TRACE: raw:PREROUTING:policy:2 \0"));
    message_set(&messages[0], MESSAGE_SEQ, BYTES("\0\0\0\0"));
    messages[1] = messages[0];
    messages[1].number = 2;
    message_set(&messages[1], MESSAGE_PACKET_HEADER, BYTES("\x08\0\1\0"));
    message_set(&messages[1], MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x01\xe2\x43"));
    message_set(&messages[1], MESSAGE_PREFIX, BYTES("TRACE: filter:INPUT:rule:3 \0"));
    message_set(&messages[1], MESSAGE_SEQ, BYTES("\0\0\0\1"));
    uint8_t next[sizeof payload];
    memcpy(next, payload, sizeof payload);
    next[5] = 2;
    next[11] = 0xcd;
    messages[2] = messages[0];
    messages[2].number = 3;
    message_set(&messages[2], MESSAGE_TIMESTAMP, BYTES("\0\0\0\0\x65\x53\xf1\0\0\0\0\0\0\x01\xf2\x40"));
    message_set(&messages[2], MESSAGE_PAYLOAD, (struct bytes){next, sizeof next});
    message_set(&messages[2], MESSAGE_SEQ, BYTES("\0\0\0\2"));

    struct message_block_writer *writer = message_block_writer_new(CAPTURE_ID, (struct bytes){0});
    struct wire_writer out = {0};
    message_block_writer_packet(writer, 1);
    assert_true(message_block_writer_add(writer, &messages[0], &accepted));
    assert_true(message_block_writer_add(writer, &messages[1], &dropped));
    message_block_writer_packet(writer, 2);
    assert_true(message_block_writer_add(writer, &messages[2], &accepted));
    message_block_writer_finish(writer, &out);
    envelope_pad(&out, 0);
    assert_is_example("message block", &out);
    message_block_writer_free(writer);
    wire_writer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_record),
        cmocka_unit_test(test_message_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
