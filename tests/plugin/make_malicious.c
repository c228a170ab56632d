/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* make_malicious FILE CASE: a capture that is sound but for what the case names; without arguments, the
 * cases. */
#include <stdio.h>
#include <string.h>

#include "format/envelope.h"
#include "format/message.h"
#include "format/message_block_fields.h"
#include "format/step.h"
#include "recorder/core/pcapng.h"

#define TIME_NS    1700000000000000000ull
#define CAPTURE_ID 0x10203040u
#define ID(number) ((uint64_t)CAPTURE_ID << 32 | (number))
#define BODY_MAX   250000 /* of a block that readers take */
#define RECORD_MAX 65000
#define LONG       60000 /* STEP_RULE_MAX */

/* Fields of docs/format.md that the writers of the format keep to themselves. */
enum { PATH_ID = 1, PATH_VERDICT = 2, PATH_DECIDED = 4, PATH_STEPS = 7, PATH_STRING = 9, PATH_STEP = 10 };
enum {
    STEP_TABLE = 1,
    STEP_CHAIN = 2,
    STEP_TYPE = 3,
    STEP_RULENUM = 4,
    STEP_RULE_LINE = 5,
    STEP_TARGET = 6,
    STEP_OPTIONS = 13,
};
enum { RULESET_CAPTURE = 1, RULESET_NUMBER = 2, RULESET_FAMILY = 4, RULESET_TABLE = 5, RULESET_PART = 8 };
enum { RULESET_PARTS = 9, RULESET_TEXT = 10 };
enum { OWN_STRING = 32, RAW = 3, PREROUTING = 28, FILTER = 16, FORWARD = 22 }; /* numbers of strings */

static struct wire_writer file, body;
static int64_t messages; /* written so far */
static char filler[LONG];

static struct bytes long_text(void)
{
    return (struct bytes){(const uint8_t *)filler, sizeof filler};
}

static void put_packet(uint64_t id, unsigned number)
{
    uint8_t data[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 1, 2, 4, 0, 0, 9, 0, 8};
    data[4] = (uint8_t)(number >> 8);
    data[5] = (uint8_t)number;
    struct pcapng_packet packet = {
        .time_ns = TIME_NS + number,
        .data = {data,      sizeof data},
        .original_length = sizeof data,
        .packet_id = id,
        .record = {body.data, body.length}
    };
    pcapng_write_packet(&file, &packet);
}

static void begin_record(uint64_t id)
{
    body.length = 0;
    envelope_write(&body, ENVELOPE_PATH);
    wire_write_uint(&body, PATH_ID, id);
    wire_write_uint(&body, PATH_VERDICT, 2);
    wire_write_uint(&body, PATH_DECIDED, UINT32_MAX);
    wire_write_uint(&body, PATH_STEPS, UINT32_MAX);
}

static void begin_block(enum envelope_kind kind)
{
    body.length = 0;
    envelope_write(&body, kind);
    wire_write_fixed32(&body, 1, CAPTURE_ID); /* in every kind */
}

static void end_block(void)
{
    envelope_pad(&body, 0);
    pcapng_write_custom(&file, (struct bytes){body.data, body.length});
}

/* A step that refers to strings: table raw, chain PREROUTING, and of its own one string in `field`. */
static void put_step(unsigned container, unsigned field, unsigned string)
{
    size_t step = wire_write_begin(&body, container);
    wire_write_uint(&body, STEP_TABLE, RAW);
    wire_write_uint(&body, STEP_CHAIN, PREROUTING);
    wire_write_uint(&body, field, string);
    wire_write_end(&body, step);
}

/* As short as a step can be that says the string `string` in `field`. */
static void put_short_steps(unsigned field, unsigned string)
{
    while (body.length < RECORD_MAX) {
        size_t step = wire_write_begin(&body, PATH_STEP);
        wire_write_uint(&body, field, string);
        wire_write_end(&body, step);
    }
}

/* ---- Path records ---- */

static void record_shared_parts(void)
{
    begin_record(ID(1));
    wire_write_bytes(&body, PATH_STRING, long_text());
    put_short_steps(STEP_OPTIONS, OWN_STRING);
    put_packet(ID(1), 1);
}

static void record_shared_lines(void)
{
    begin_record(ID(1));
    wire_write_bytes(&body, PATH_STRING, long_text());
    put_short_steps(STEP_RULE_LINE, OWN_STRING);
    put_packet(ID(1), 1);
}

static void record_strings_outside(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        begin_record(ID(i + 1));
        put_step(PATH_STEP, STEP_TARGET, i % 2 ? OWN_STRING : UINT32_MAX);
        put_packet(ID(i + 1), i);
    }
}

static void record_empty_steps(void)
{
    begin_record(ID(1));
    while (body.length < RECORD_MAX)
        wire_write_bytes(&body, PATH_STEP, (struct bytes){0});
    put_packet(ID(1), 1);
}

static void record_same_ids(void)
{
    for (unsigned i = 0; i < 100000; i++) {
        begin_record(ID(1));
        put_step(PATH_STEP, STEP_RULENUM, 1);
        put_packet(ID(1), i);
    }
}

/* Each far from the others: whoever keeps a page or a table by number needs one for each. */
static void record_ids_apart(void)
{
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t id = (uint64_t)i * 0x9E3779B97F4A7C15u;
        begin_record(id);
        put_step(PATH_STEP, STEP_RULENUM, 1);
        put_packet(id, i);
    }
}

/* ---- Message blocks ---- */

static void put_rule(const char *prefix)
{
    wire_write_bytes(&body, BLOCK_FIELD_STRING, (struct bytes){(const uint8_t *)prefix, strlen(prefix) + 1});
    size_t rule = wire_write_begin(&body, BLOCK_FIELD_RULE);
    wire_write_uint(&body, RULE_FIELD_PREFIX, OWN_STRING);
    put_step(RULE_FIELD_STEP, STEP_TYPE, 2);
    wire_write_end(&body, rule);
}

static void put_attribute(unsigned type, const void *data, size_t length)
{
    uint8_t bytes[64] = {(uint8_t)type};
    memcpy(bytes + 1, data, length);
    wire_write_bytes(&body, MESSAGE_FIELD_ATTRIBUTE, (struct bytes){bytes, length + 1});
}

/* The first message of a block: all that others take over from it. */
static void put_first_message(unsigned number)
{
    static const char packet[] = "\x45\0\0\x1c\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\1\2\4\0\0\x09\0\x08\0\0";
    size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
    wire_write_uint(&body, PACKET_FIELD_NUMBER, number);
    size_t message = wire_write_begin(&body, PACKET_FIELD_MESSAGE);
    wire_write_uint(&body, MESSAGE_FIELD_RULE, 1);
    wire_write_sint(&body, MESSAGE_FIELD_NUMBER, messages++);
    wire_write_uint(&body, MESSAGE_FIELD_FAMILY, 2);
    wire_write_sint(&body, MESSAGE_FIELD_TIME, (int64_t)(TIME_NS / 1000));
    put_attribute(MESSAGE_PACKET_HEADER, "\x08\0\0\0", 4);
    put_attribute(MESSAGE_IN, "\0\0\0\2", 4);
    put_attribute(MESSAGE_PAYLOAD, packet, sizeof packet - 1);
    wire_write_end(&body, message);
    wire_write_end(&body, outer);
}

/* Another packet: three bytes are changed, among them the IP id. */
static void put_next_packet(unsigned number)
{
    const uint8_t patch[] = {4, 2, (uint8_t)(number >> 8), (uint8_t)number, 15, 1, (uint8_t)(number >> 16)};
    size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
    wire_write_uint(&body, PACKET_FIELD_NUMBER, number);
    size_t message = wire_write_begin(&body, PACKET_FIELD_MESSAGE);
    wire_write_uint(&body, MESSAGE_FIELD_RULE, 1);
    wire_write_bytes(&body, MESSAGE_FIELD_PATCH, (struct bytes){patch, sizeof patch});
    messages++;
    wire_write_end(&body, message);
    wire_write_end(&body, outer);
}

/* All at one time, so that none of them ever ends before the file does. */
static void messages_million_paths(void)
{
    for (unsigned number = 1; number <= 1000000;) {
        begin_block(ENVELOPE_MESSAGES);
        put_rule("TRACE: raw:PREROUTING:policy:1 ");
        for (put_first_message(number++); body.length < BODY_MAX && number <= 1000000; number++)
            put_next_packet(number);
        end_block();
    }
}

static void messages_same_packet(void)
{
    for (unsigned block = 0; block < 20; block++) {
        begin_block(ENVELOPE_MESSAGES);
        put_rule("TRACE: raw:PREROUTING:policy:1 ");
        put_first_message(1);
        while (body.length < BODY_MAX)
            put_next_packet(1);
        end_block();
    }
}

static void messages_empty(void)
{
    begin_block(ENVELOPE_MESSAGES);
    put_rule("TRACE: raw:PREROUTING:policy:1 ");
    put_first_message(1);
    size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
    while (body.length < BODY_MAX)
        wire_write_bytes(&body, PACKET_FIELD_MESSAGE, (struct bytes){0});
    wire_write_end(&body, outer);
    end_block();
}

static void messages_one_path_goes_on(void)
{
    for (unsigned block = 0; block < 4; block++) {
        begin_block(ENVELOPE_MESSAGES);
        put_rule("TRACE: raw:PREROUTING:rule:1 ");
        put_first_message(1);
        size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
        while (body.length < BODY_MAX)
            wire_write_bytes(&body, PACKET_FIELD_MESSAGE,
                             (struct bytes){
                                 (const uint8_t[]){MESSAGE_FIELD_RULE << 3, 1},
                                  2
            });
        wire_write_end(&body, outer);
        end_block();
    }
}

/* Every rule has the same long text, in parts or as a whole; a message refers to each. */
static void put_long_rules(unsigned field)
{
    begin_block(ENVELOPE_MESSAGES);
    wire_write_bytes(&body, BLOCK_FIELD_STRING,
                     (struct bytes){(const uint8_t *)"TRACE: raw:PREROUTING:rule:1 ", 30});
    wire_write_bytes(&body, BLOCK_FIELD_STRING, long_text());
    for (unsigned i = 0; i < 4000; i++) {
        size_t rule = wire_write_begin(&body, BLOCK_FIELD_RULE);
        wire_write_uint(&body, RULE_FIELD_PREFIX, OWN_STRING);
        put_step(RULE_FIELD_STEP, field, OWN_STRING + 1);
        wire_write_end(&body, rule);
    }
    put_first_message(1);
    for (unsigned i = 2; i <= 4000; i++, messages++) {
        size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
        wire_write_uint(&body, PACKET_FIELD_NUMBER, i);
        size_t message = wire_write_begin(&body, PACKET_FIELD_MESSAGE);
        wire_write_uint(&body, MESSAGE_FIELD_RULE, i);
        wire_write_end(&body, message);
        wire_write_end(&body, outer);
    }
    end_block();
}

static void messages_shared_parts(void)
{
    put_long_rules(STEP_OPTIONS);
}

static void messages_shared_lines(void)
{
    for (unsigned block = 0; block < 4; block++)
        put_long_rules(STEP_RULE_LINE);
}

/* An attribute that the first message has, and 80 000 others by taking it over. */
static void messages_shared_attributes(void)
{
    begin_block(ENVELOPE_MESSAGES);
    put_rule("TRACE: raw:PREROUTING:policy:1 ");
    put_first_message(1);
    size_t outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
    size_t message = wire_write_begin(&body, PACKET_FIELD_MESSAGE);
    filler[0] = 30;
    wire_write_bytes(&body, MESSAGE_FIELD_ATTRIBUTE, long_text());
    filler[0] = 'x';
    wire_write_end(&body, message);
    wire_write_end(&body, outer);
    outer = wire_write_begin(&body, BLOCK_FIELD_PACKET);
    while (body.length < BODY_MAX)
        wire_write_bytes(&body, PACKET_FIELD_MESSAGE, (struct bytes){0});
    wire_write_end(&body, outer);
    end_block();
}

static void messages_strings_outside(void)
{
    begin_block(ENVELOPE_MESSAGES);
    put_rule("TRACE: raw:PREROUTING:policy:1 ");
    size_t rule = wire_write_begin(&body, BLOCK_FIELD_RULE);
    wire_write_uint(&body, RULE_FIELD_PREFIX, UINT32_MAX);
    wire_write_end(&body, rule);
    put_first_message(1);
    end_block();
}

/* A capture of its own in every block. */
static void messages_many_captures(void)
{
    for (unsigned i = 0; i < 20000; i++) {
        begin_block(ENVELOPE_MESSAGES);
        wire_write_fixed32(&body, BLOCK_FIELD_CAPTURE_ID, i);
        put_rule("TRACE: raw:PREROUTING:policy:1 ");
        put_first_message(1);
        end_block();
    }
}

/* ---- Ruleset blocks ---- */

static void put_ruleset(unsigned number, unsigned part, unsigned parts, struct bytes text)
{
    begin_block(ENVELOPE_RULESET);
    wire_write_uint(&body, RULESET_NUMBER, number);
    wire_write_uint(&body, RULESET_FAMILY, 4);
    wire_write_bytes(&body, RULESET_TABLE, BYTES("raw"));
    wire_write_uint(&body, RULESET_PART, part);
    wire_write_uint(&body, RULESET_PARTS, parts);
    wire_write_bytes(&body, RULESET_TEXT, text);
    end_block();
}

static void rulesets_parts(void)
{
    for (unsigned i = 0; i < 2000; i++) {
        put_ruleset(i, 0, UINT32_MAX, BYTES("*raw\n:PREROUTING ACCEPT [0:0]\n"));
        put_ruleset(i, UINT32_MAX, UINT32_MAX, BYTES("COMMIT\n"));
    }
}

static void rulesets_same_number(void)
{
    static char text[64];
    for (unsigned i = 0; i < 2000; i++) {
        int length = snprintf(text, sizeof text, "*raw\n:PREROUTING ACCEPT [0:0]\n:c%u - [0:0]\nCOMMIT\n", i);
        put_ruleset(1, 0, 1, (struct bytes){(const uint8_t *)text, (size_t)length});
    }
}

/* The kernel takes no such rules, a file may say that it did. */
static void rulesets_cycle(void)
{
    put_ruleset(
        1, 0, 1,
        BYTES("*raw\n:PREROUTING ACCEPT [0:0]\n:a - [0:0]\n:b - [0:0]\n-A PREROUTING -j a\n-A a -j b\n"
              "-A a -g a\n-A b -g b\n-A b -j a\nCOMMIT\n"));
    messages_one_path_goes_on();
    messages_million_paths();
}

/* Every chain jumps twice to the next: whoever followed all ways would follow 2 to the power of 64. */
static void rulesets_ways(void)
{
    struct wire_writer text = {0};
    char line[64];
    wire_write_raw(&text, "*raw\n:PREROUTING ACCEPT [0:0]\n", 30);
    for (int i = 0; i < 64; i++)
        wire_write_raw(&text, line, (size_t)snprintf(line, sizeof line, ":c%d - [0:0]\n", i));
    wire_write_raw(&text, "-A PREROUTING -j c0\n", 20);
    for (int i = 0; i < 63; i++)
        for (int k = 0; k < 2; k++)
            wire_write_raw(&text, line,
                           (size_t)snprintf(line, sizeof line, "-A c%d -p %d -j c%d\n", i, k, i + 1));
    wire_write_raw(&text, "COMMIT\n", 7);
    put_ruleset(1, 0, 1, (struct bytes){text.data, text.length});
    wire_writer_done(&text);
    messages_one_path_goes_on();
    messages_same_packet();
}

static const struct {
    const char *name;
    void (*make)(void);
} cases[] = {
    {"record_shared_parts",        record_shared_parts       },
    {"record_shared_lines",        record_shared_lines       },
    {"record_strings_outside",     record_strings_outside    },
    {"record_empty_steps",         record_empty_steps        },
    {"record_same_ids",            record_same_ids           },
    {"record_ids_apart",           record_ids_apart          },
    {"messages_million_paths",     messages_million_paths    },
    {"messages_same_packet",       messages_same_packet      },
    {"messages_empty",             messages_empty            },
    {"messages_one_path_goes_on",  messages_one_path_goes_on },
    {"messages_shared_parts",      messages_shared_parts     },
    {"messages_shared_lines",      messages_shared_lines     },
    {"messages_shared_attributes", messages_shared_attributes},
    {"messages_strings_outside",   messages_strings_outside  },
    {"messages_many_captures",     messages_many_captures    },
    {"rulesets_parts",             rulesets_parts            },
    {"rulesets_same_number",       rulesets_same_number      },
    {"rulesets_cycle",             rulesets_cycle            },
    {"rulesets_ways",              rulesets_ways             },
};

int main(int argc, char **argv)
{
    FILE *stream = argc == 3 ? fopen(argv[1], "wb") : NULL;
    bool known = false;
    memset(filler, 'x', sizeof filler);
    pcapng_write_section(&file, "test", "test", "make_malicious");
    pcapng_write_interface(&file, BYTES("eth0"), 256, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (argc < 2)
            puts(cases[i].name);
        if (!stream || strcmp(cases[i].name, argv[2]) != 0)
            continue;
        cases[i].make();
        known = fwrite(file.data, 1, file.length, stream) == file.length;
    }
    wire_writer_done(&file);
    wire_writer_done(&body);
    if (argc < 2)
        return 0;
    return !stream || fclose(stream) || !known ? 1 : 0;
}
