/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/message_block.h"
#include "recorder/legacy/replay/replay_source.h"
#include "tests/unit/capture_build.h"

#define CAPTURE 0xC0FFEE01

/* What a source handed over, a line an event. */
struct heard {
    GString *text;
    unsigned rulesets;
    struct source_stats stats;
    struct error error;
    int state;
};

static void hear_event(void *user, const struct event *event)
{
    struct heard *heard = user;
    struct bytes prefix = message_get_prefix(&event->message);
    g_string_append_printf(heard->text, "%u %.*s", (unsigned)event->message.number, (int)prefix.length,
                           prefix.data);
    g_string_append_printf(heard->text, "in=%.*s out=%.*s", (int)event->in.length, event->in.data,
                           (int)event->out.length, event->out.data);
    if (event->capture_id > 0)
        g_string_append_printf(heard->text, " of %x %.*s at %u", event->capture_id, (int)event->netns.length,
                               event->netns.data, (unsigned)(event->received_ns / 1000));
    if (event->step)
        g_string_append_printf(heard->text, " step %.*s", (int)event->step->step.rule.length,
                               event->step->step.rule.data);
    if (event->lost_before > 0)
        g_string_append_printf(heard->text, " lost %u", (unsigned)event->lost_before);
    g_string_append_c(heard->text, '\n');
}

static void hear_foreign(void *user, struct bytes prefix)
{
    g_string_append_printf(((struct heard *)user)->text, "foreign %.*s\n", (int)prefix.length, prefix.data);
}

static void hear_ruleset(void *user, const struct ruleset_part *part)
{
    struct heard *heard = user;
    heard->rulesets++;
    g_string_append_printf(heard->text, "ruleset %u\n", part->ruleset);
}

static struct heard replay(const char *path)
{
    struct heard heard = {.text = g_string_new(NULL)};
    const struct source_sink sink = {hear_event, NULL, hear_foreign, hear_ruleset, &heard};
    struct source *source;
    heard.state = replay_source_open(&source, path, &heard.error);
    if (heard.state < 0)
        return heard;
    double before = source->ops->progress(source);
    while ((heard.state = source->ops->drain(source, &sink, &heard.error)) == SOURCE_MORE ||
           heard.state == SOURCE_WAIT)
        assert_true(source->ops->progress(source) >= before);
    source->ops->stats(source, &heard.stats);
    source->ops->close(source);
    return heard;
}

/* A memory file: nothing is left of it, however the test ends. */
static int scratch_fd;
static char scratch[32];

static struct heard replay_bytes(struct bytes bytes)
{
    assert_int_equal(ftruncate(scratch_fd, 0), 0);
    assert_int_equal(pwrite(scratch_fd, bytes.data, bytes.length, 0), bytes.length);
    return replay(scratch);
}

static void heard_done(struct heard *heard)
{
    g_string_free(heard->text, TRUE);
}

static void expect_text(const struct heard *heard, const char *expected)
{
    assert_string_equal(heard->text->str, expected);
}

/* ---- Captures of link type NFLOG, by tcpdump: tests/fixtures/record_nflog.sh ---- */

static const char nflog_expected[] = "1 TRACE: raw:OUTPUT:policy:2 in= out=if1\n"
                                     "2 TRACE: filter:OUTPUT:policy:1 in= out=if1\n"
                                     "3 TRACE: raw:PREROUTING:policy:1 in=if1 out=\n"
                                     "4 TRACE: filter:INPUT:rule:1 in=if1 out=\n"
                                     "5 TRACE: filter:a:b:rule:1 in=if1 out=\n"
                                     "foreign a user's\n"
                                     "6 TRACE: filter:a:b:return:2 in=if1 out=\n"
                                     "7 TRACE: filter:INPUT:policy:2 in=if1 out=\n"
                                     "8 TRACE: raw:OUTPUT:policy:2 in= out=if1\n"
                                     "9 TRACE: filter:OUTPUT:policy:1 in= out=if1\n"
                                     "10 TRACE: raw:PREROUTING:policy:1 in=if1 out=\n"
                                     "11 TRACE: filter:INPUT:rule:1 in=if1 out=\n"
                                     "12 TRACE: filter:a:b:return:1 in=if1 out=\n"
                                     "13 TRACE: filter:INPUT:policy:2 in=if1 out=\n";

static struct bytes fixture(const char *name, char **ret_text)
{
    g_autofree char *path = g_build_filename(IPTRACE_FIXTURES, name, NULL);
    gsize length;
    assert_true(g_file_get_contents(path, ret_text, &length, NULL));
    return (struct bytes){(uint8_t *)*ret_text, length};
}

static void test_tcpdumps_files(void **state)
{
    (void)state;
    static const char *const names[] = {"nflog.pcap", "nflog.pcapng"};
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *path = g_build_filename(IPTRACE_FIXTURES, names[i], NULL);
        struct heard heard = replay(path);
        expect_text(&heard, nflog_expected);
        assert_int_equal(heard.state, SOURCE_END);
        assert_int_equal(heard.stats.messages, 13);
        assert_int_equal(heard.stats.foreign, 1);
        assert_int_equal(heard.stats.malformed, 0);
        assert_int_equal(heard.stats.lost, 0);
        assert_false(heard.stats.cut);
        heard_done(&heard);
    }
}

static void swap_field(uint8_t *at, unsigned size)
{
    for (unsigned i = 0; i < size / 2; i++) {
        uint8_t byte = at[i];
        at[i] = at[size - 1 - i];
        at[size - 1 - i] = byte;
    }
}

static void swap_attributes(uint8_t *at, size_t length)
{
    for (size_t i = 4; i + 4 <= length;) {
        size_t value = at[i] | at[i + 1] << 8;
        swap_field(at + i, 2);
        swap_field(at + i + 2, 2);
        i += (value + 3) & ~(size_t)3;
    }
}

/* The same file as a host of the other byte order would have written it; or as some tool rewrote it, but for
 * the attributes. */
static void test_the_other_byte_order(void **state)
{
    (void)state;
    for (unsigned with_attributes = 0; with_attributes < 2; with_attributes++) {
        g_autofree char *text = NULL;
        struct bytes bytes = fixture("nflog.pcap", &text);
        uint8_t *data = (uint8_t *)text;
        static const uint8_t header[] = {4, 2, 2, 4, 4, 4, 4};
        size_t at = 0;
        for (unsigned i = 0; i < sizeof header; at += header[i++])
            swap_field(data + at, header[i]);
        while (at < bytes.length) {
            size_t length = data[at + 8] | data[at + 9] << 8;
            for (unsigned i = 0; i < 4; i++)
                swap_field(data + at + 4 * i, 4);
            if (with_attributes)
                swap_attributes(data + at + 16, length);
            at += 16 + length;
        }
        struct heard heard = replay_bytes(bytes);
        expect_text(&heard, nflog_expected);
        heard_done(&heard);
    }
}

static void test_a_file_that_ends_early(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    struct bytes bytes = fixture("nflog.pcapng", &text);
    struct heard heard = replay_bytes((struct bytes){bytes.data, bytes.length - 50});
    assert_int_equal(heard.state, SOURCE_END);
    assert_int_equal(heard.stats.messages, 12);
    assert_true(heard.stats.cut);
    heard_done(&heard);
    g_autofree char *pcap = NULL;
    bytes = fixture("nflog.pcap", &pcap);
    heard = replay_bytes((struct bytes){bytes.data, bytes.length - 1});
    assert_int_equal(heard.stats.messages, 12);
    assert_true(heard.stats.cut);
    heard_done(&heard);
}

static void test_from_a_pipe(void **state)
{
    (void)state;
    g_autofree char *text = NULL;
    struct bytes bytes = fixture("nflog.pcap", &text);
    int ends[2], kept = dup(STDIN_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], bytes.data, bytes.length), bytes.length);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);

    struct heard heard = {.text = g_string_new(NULL)};
    const struct source_sink sink = {hear_event, NULL, hear_foreign, NULL, &heard};
    struct source *source;
    assert_int_equal(replay_source_open(&source, "-", &heard.error), 0);
    assert_true(source->ops->fd(source) >= 0);
    assert_true(source->ops->progress(source) < 0);
    assert_int_equal(source->ops->drain(source, &sink, &heard.error), SOURCE_WAIT);
    expect_text(&heard, nflog_expected);
    close(ends[1]);
    assert_int_equal(source->ops->drain(source, &sink, &heard.error), SOURCE_END);
    source->ops->close(source);
    heard_done(&heard);
    dup2(kept, STDIN_FILENO);
    close(kept);
}

/* ---- Our own captures ---- */

struct sent {
    uint32_t packet;
    uint64_t number;
    unsigned time_us;     /* 0: the kernel gave none */
    const char *in;       /* null: a message of OUTPUT */
    unsigned received_us; /* 0: not known */
};

/* The writer wants the message until it has got the next one. */
struct built {
    struct message message;
    char prefix[64];
    uint8_t time[16];
};

static void put_message(struct message_block_writer *writer, const struct sent *sent, struct built *built)
{
    char rule[64], *prefix = built->prefix;
    uint8_t *time = built->time;
    int length =
        snprintf(prefix, sizeof built->prefix, "TRACE: filter:INPUT:rule:%u ", (unsigned)sent->number);
    snprintf(rule, sizeof rule, "-A INPUT %u", (unsigned)sent->number);
    for (unsigned i = 0; i < 4; i++)
        time[15 - i] = (uint8_t)(sent->time_us >> 8 * i);
    struct message *message = &built->message;
    *message = (struct message){.received_us = sent->received_us, .number = sent->number, .family = 2};
    message_set(message, MESSAGE_PREFIX, (struct bytes){(uint8_t *)prefix, (size_t)length + 1});
    message_set(message, sent->in ? MESSAGE_IN : MESSAGE_OUT, BYTES("\0\0\0\7"));
    message_set(message, MESSAGE_PAYLOAD, BYTES("\x45packet"));
    if (sent->time_us > 0)
        message_set(message, MESSAGE_TIMESTAMP, (struct bytes){time, 16});
    struct step step = {.table = BYTES("filter"), .chain = BYTES("INPUT"), .rulenum = 1};
    step.rule = (struct bytes){(uint8_t *)rule, strlen(rule)};
    if (sent->in)
        step.context.in = (struct bytes){(const uint8_t *)sent->in, strlen(sent->in)};
    assert_true(message_block_writer_add(writer, message, &step));
}

static void build_messages(struct wire_writer *out, bool big, uint32_t capture_id, const char *netns,
                           const struct sent *sent, unsigned count)
{
    struct message_block_writer *writer =
        message_block_writer_new(capture_id, (struct bytes){(const uint8_t *)netns, strlen(netns)});
    struct wire_writer content = {0};
    struct built built[2] = {0};
    for (unsigned i = 0; i < count; i++) {
        if (i == 0 || sent[i].packet != sent[i - 1].packet)
            message_block_writer_packet(writer, sent[i].packet);
        put_message(writer, &sent[i], &built[i % 2]);
    }
    message_block_writer_finish(writer, &content);
    envelope_pad(&content, 0);
    build_custom(out, big, IPTRACE_PEN, unit_written(&content));
    wire_writer_done(&content);
    message_block_writer_free(writer);
}

static void build_ruleset(struct wire_writer *out, bool big, uint32_t number)
{
    struct wire_writer content = {0};
    struct ruleset_part part = {
        .capture_id = CAPTURE, .ruleset = number, .table = BYTES("filter"), .parts = 1};
    ruleset_part_write(&content, &part, NULL, 0);
    envelope_pad(&content, 0);
    build_custom(out, big, IPTRACE_PEN, unit_written(&content));
    wire_writer_done(&content);
}

static const struct sent mixed[] = {
    {1, 1, 50, "eth0", 55},
    {1, 4, 80, "eth0", 0 },
    {1, 5, 75, "eth0", 0 },
    {2, 2, 0,  NULL,   0 },
    {2, 3, 0,  NULL,   70},
    {2, 6, 0,  NULL,   85},
};

static void test_messages_in_their_order(void **state)
{
    (void)state;
    for (unsigned big = 0; big < 2; big++) {
        struct wire_writer out = {0};
        build_section(&out, big);
        build_interface(&out, big, 101, 9, 0);
        build_ruleset(&out, big, 1);
        build_packet(&out, big, 0, 50000, BYTES("\x45packet"), 7);
        build_packet(&out, big, 0, 70000, BYTES("\x45packet"), 7);
        build_messages(&out, big, CAPTURE, "", mixed, 6);
        struct heard heard = replay_bytes(unit_written(&out));
        expect_text(&heard, "ruleset 1\n"
                            "1 TRACE: filter:INPUT:rule:1 in=eth0 out= of c0ffee01  at 55 step -A INPUT 1\n"
                            "2 TRACE: filter:INPUT:rule:2 in= out=if7 of c0ffee01  at 55 step -A INPUT 2\n"
                            "3 TRACE: filter:INPUT:rule:3 in= out=if7 of c0ffee01  at 70 step -A INPUT 3\n"
                            "4 TRACE: filter:INPUT:rule:4 in=eth0 out= of c0ffee01  at 80 step -A INPUT 4\n"
                            "5 TRACE: filter:INPUT:rule:5 in=eth0 out= of c0ffee01  at 80 step -A INPUT 5\n"
                            "6 TRACE: filter:INPUT:rule:6 in= out=if7 of c0ffee01  at 85 step -A INPUT 6\n");
        assert_int_equal(heard.state, SOURCE_END);
        assert_int_equal(heard.stats.messages, 6);
        assert_int_equal(heard.stats.lost, 0);
        assert_int_equal(heard.stats.malformed, 0);
        heard_done(&heard);
        wire_writer_done(&out);
    }
}

static void test_merged_and_lost(void **state)
{
    (void)state;
    static const struct sent first[] = {
        {1, 1, 10, "a", 0},
        {1, 4, 11, "a", 0}
    };
    static const struct sent second[] = {
        {1, 2, 20, "b", 0},
        {2, 1, 19, "b", 0}
    };
    static const struct sent again[] = {
        {1, 1, 30, "c", 0}
    };
    struct wire_writer out = {0};
    build_section(&out, false);
    build_messages(&out, false, 0x11, "", first, 2);
    build_messages(&out, false, 0x22, "", second, 2);
    build_messages(&out, false, 0x22, "blue", again, 1);
    struct heard heard = replay_bytes(unit_written(&out));
    expect_text(&heard, "1 TRACE: filter:INPUT:rule:1 in=a out= of 11  at 10 step -A INPUT 1\n"
                        "1 TRACE: filter:INPUT:rule:1 in=b out= of 22  at 19 step -A INPUT 1\n"
                        "2 TRACE: filter:INPUT:rule:2 in=b out= of 22  at 20 step -A INPUT 2\n"
                        "1 TRACE: filter:INPUT:rule:1 in=c out= of 22 blue at 30 step -A INPUT 1\n"
                        "4 TRACE: filter:INPUT:rule:4 in=a out= of 11  at 11 step -A INPUT 4 lost 2\n");
    assert_int_equal(heard.stats.lost, 2);
    heard_done(&heard);
    wire_writer_done(&out);
}

static void test_a_damaged_block_costs_itself(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    build_section(&out, false);
    build_messages(&out, false, CAPTURE, "", mixed, 1);
    build_custom(&out, false, IPTRACE_PEN, BYTES("IPTR\1\2\0\0\xff\xff\xff"));
    build_custom(&out, false, IPTRACE_PEN, BYTES("IPTR\1\3\0\0\xff\xff\xff"));
    build_custom(&out, false, IPTRACE_PEN, BYTES("IPTR\1\x63\0\0later"));
    build_custom(&out, false, IPTRACE_PEN, BYTES("another's"));
    build_custom(&out, false, 4711, BYTES("another's"));
    build_messages(&out, false, CAPTURE, "", mixed + 3, 1);
    struct heard heard = replay_bytes(unit_written(&out));
    assert_int_equal(heard.stats.messages, 2);
    assert_int_equal(heard.stats.malformed, 2);
    heard_done(&heard);
    wire_writer_done(&out);
}

/* ---- What is none ---- */

static void expect_error(struct heard heard, int err, const char *words)
{
    assert_int_equal(heard.state, -err);
    if (!strstr(heard.error.text, words))
        fail_msg("'%s' does not say '%s'", heard.error.text, words);
    heard_done(&heard);
}

static void test_files_of_other_kinds(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    expect_error(replay("/nonexistent"), ENOENT, "'/nonexistent' cannot be read: No such file");
    expect_error(replay("/"), EISDIR, "is a directory");
    expect_error(replay_bytes(BYTES("")), EINVAL, "is empty");
    expect_error(replay_bytes(BYTES("hello, world")), EINVAL,
                 "begins with 68 65 6c 6c, so it is not a capture file");
    expect_error(replay_bytes(BYTES("\x1f\x8b\x08")), EINVAL, "compressed with gzip");
    build_uint(&out, true, 4, 0xA1B2C3D4);
    build_uint(&out, true, 8, 0);
    build_uint(&out, true, 8, 0);
    build_uint(&out, true, 4, 1);
    expect_error(replay_bytes(unit_written(&out)), ENOMSG, "link type ETHERNET: expected NFLOG (as 'tcpdump");
    wire_writer_done(&out);
    build_section(&out, true);
    build_interface(&out, true, 147, 6, 0);
    build_packet(&out, true, 0, 1, BYTES("x"), 1);
    expect_error(replay_bytes(unit_written(&out)), ENOMSG, "link type 147");
    wire_writer_done(&out);
    build_section(&out, true);
    build_interface(&out, true, 101, 6, 0);
    build_packet(&out, true, 0, 1, BYTES("x"), 1);
    expect_error(replay_bytes(unit_written(&out)), ENOMSG, "link type RAW, but no TRACE messages");
    build_custom(&out, true, IPTRACE_PEN, BYTES("IPTR\x09\2\0\0"));
    expect_error(replay_bytes(unit_written(&out)), ENOMSG, "format version 9");
    wire_writer_done(&out);
}

static void test_an_empty_capture_is_no_error(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    build_section(&out, true);
    build_interface(&out, true, 101, 6, 0);
    struct heard heard = replay_bytes(unit_written(&out));
    assert_int_equal(heard.state, SOURCE_END);
    assert_int_equal(heard.stats.messages, 0);
    heard_done(&heard);
    wire_writer_done(&out);
}

static void replay_any(struct bytes bytes)
{
    struct heard heard = replay_bytes(bytes);
    assert_true(heard.state < 0 || heard.state == SOURCE_END);
    heard_done(&heard);
}

static void test_damage_everywhere(void **state)
{
    (void)state;
    struct wire_writer out = {0};
    build_section(&out, false);
    build_interface(&out, false, 101, 9, 0);
    build_ruleset(&out, false, 1);
    build_packet(&out, false, 0, 50000, BYTES("\x45packet"), 7);
    build_messages(&out, false, CAPTURE, "", mixed, 6);
    unit_cut_everywhere(unit_written(&out), replay_any);
    unit_flip_everywhere(unit_written(&out), replay_any);
    wire_writer_done(&out);
}

static int set_up(void **state)
{
    (void)state;
    scratch_fd = memfd_create("iptrace-replay", MFD_CLOEXEC);
    snprintf(scratch, sizeof scratch, "/proc/self/fd/%d", scratch_fd);
    return scratch_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    return close(scratch_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tcpdumps_files),
        cmocka_unit_test(test_the_other_byte_order),
        cmocka_unit_test(test_a_file_that_ends_early),
        cmocka_unit_test(test_from_a_pipe),
        cmocka_unit_test(test_messages_in_their_order),
        cmocka_unit_test(test_merged_and_lost),
        cmocka_unit_test(test_a_damaged_block_costs_itself),
        cmocka_unit_test(test_files_of_other_kinds),
        cmocka_unit_test(test_an_empty_capture_is_no_error),
        cmocka_unit_test(test_damage_everywhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
