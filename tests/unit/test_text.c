/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/core/safe_text.h"
#include "recorder/core/text.h"

static void assert_safe(struct bytes text, const char *expected)
{
    g_autoptr(GString) out = g_string_new("<");
    safe_text_append(out, text);
    assert_string_equal(out->str + 1, expected);
}

static void test_plain_text_stays(void **state)
{
    (void)state;
    assert_safe(BYTES(""), "");
    assert_safe(BYTES("-A INPUT -m comment --comment \"x y\" -j DROP"),
                "-A INPUT -m comment --comment \"x y\" -j DROP");
    assert_safe(BYTES("Grüße 日本語 🙂"), "Grüße 日本語 🙂");
}

static void test_what_could_do_harm_is_shown(void **state)
{
    (void)state;
    assert_safe(BYTES("a\x1b[31mb"), "a\\x1b[31mb");
    assert_safe(BYTES("a\nb\rc\td\x7f"), "a\\x0ab\\x0dc\\x09d\\x7f");
    assert_safe(BYTES("a\0b"), "a\\x00b");
    assert_safe(BYTES("\xc2\x9b"), "\\xc2\\x9b"); /* CSI as one character */
    assert_safe(BYTES("\xe2\x80\xae"
                      "txt"),
                "\\xe2\\x80\\xaetxt");                                       /* right-to-left override */
    assert_safe(BYTES("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");                   /* isolate */
    assert_safe(BYTES("\xe2\x80\x8b"), "\\xe2\\x80\\x8b");                   /* zero width space */
    assert_safe(BYTES("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");                   /* line separator */
    assert_safe(BYTES("\xff\xc3"), "\\xff\\xc3");                            /* no UTF-8; cut */
    assert_safe(BYTES("\xc0\xaf\xed\xa0\x80"), "\\xc0\\xaf\\xed\\xa0\\x80"); /* overlong; surrogate */
}

static void append_any(struct bytes bytes)
{
    g_autoptr(GString) out = g_string_new(NULL);
    safe_text_append(out, bytes);
    assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
    for (gsize i = 0; i < out->len; i++)
        assert_true((uint8_t)out->str[i] >= 0x20 && out->str[i] != 0x7f);
}

static void test_any_bytes(void **state)
{
    (void)state;
    struct bytes text = BYTES("Gr\xc3\xbc\xc3\x9f"
                              "e \xf0\x9f\x99\x82 \xe2\x80\xae end");
    unit_cut_everywhere(text, append_any);
    unit_flip_everywhere(text, append_any);
}

static void assert_verdict(const struct finished_path *path, const char *expected)
{
    g_autoptr(GString) out = g_string_new(NULL);
    text_append_verdict(out, path);
    assert_string_equal(out->str, expected);
}

static void test_verdicts(void **state)
{
    (void)state;
    struct step step[] = {
        {.table = BYTES("filter"),
         .chain = BYTES("INPUT"),
         .type = STEP_RULE,
         .rulenum = 3,
         .rule = BYTES("-A INPUT -j DROP")},
        {.table = BYTES("filter"),
         .chain = BYTES("INPUT"),
         .type = STEP_POLICY,
         .rule = BYTES("-P INPUT DROP")},
        {.table = BYTES("nat"),               .chain = BYTES("a\x1b"),                              .type = STEP_RETURN                                                          },
        {.table = BYTES("nat"),.chain = BYTES("INPUT"),.type = STEP_UNKNOWN},
    };
    struct finished_path path = {.steps = step, .count = 4};
    path.head = (struct path){.verdict = VERDICT_DROP, .reason = REASON_RULE, .decided = 1};
    assert_verdict(&path, "DROP by filter INPUT rule 3: -A INPUT -j DROP");
    path.head.decided = 2;
    path.head.reason = REASON_POLICY;
    assert_verdict(&path, "DROP by filter INPUT policy: -P INPUT DROP");
    step[1].stale = true;
    assert_verdict(&path, "DROP by filter INPUT policy: -P INPUT DROP [rules changed around then]");
    path.head = (struct path){.verdict = VERDICT_ACCEPT, .reason = REASON_NAT, .decided = 3};
    assert_verdict(&path, "ACCEPT (nat) by nat a\\x1b end of chain");
    path.head.decided = 4;
    path.head.reason = REASON_RULE;
    assert_verdict(&path, "ACCEPT by nat INPUT policy or rule, unknown which");
    path.head = (struct path){.verdict = VERDICT_UNKNOWN, .reason = REASON_VANISHED_ROUTING};
    assert_verdict(&path, "UNKNOWN (vanished: routing)");
    path.head.decided = 5; /* beyond the steps that are kept */
    assert_verdict(&path, "UNKNOWN (vanished: routing)");
}

static char *path_text(const struct build_packet *packet, bool colour)
{
    uint8_t buffer[512];
    struct build_event room;
    const struct build_message message = {
        .family = packet->version,
        .hook = HOOK_INPUT,
        .where = "filter:INPUT:policy:1",
        .in = "eth\x1b",
        .payload = build_packet_bytes(buffer, packet),
    };
    struct step step = {.table = BYTES("filter"),
                        .chain = BYTES("INPUT"),
                        .type = STEP_POLICY,
                        .rule = BYTES("-P INPUT DROP"),
                        .context.has_mark = true,
                        .context.mark = 0x2a};
    const struct event *event = build_event(&room, &message);
    struct finished_path path = {
        .steps = &step,
        .count = 1,
        .packet = event->message.attribute[MESSAGE_PAYLOAD],
        .in = event->in,
        .out = event->out,
        .physin = event->physin,
        .physout = event->physout,
    };
    path.head = (struct path){.verdict = VERDICT_DROP,
                              .reason = REASON_POLICY,
                              .decided = 1,
                              .incomplete = true,
                              .ambiguous = true,
                              .copy = true,
                              .cut = true};
    const struct text_options options = {.colour = colour, .number = 12};
    g_autoptr(GString) out = g_string_new(NULL);
    text_append_path(out, &path, &options);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void assert_header(const struct build_packet *packet, const char *expected)
{
    g_autofree char *text = path_text(packet, false);
    char *header = strstr(text, "#12 ");
    assert_non_null(header);
    *strchr(header, '\n') = 0;
    assert_string_equal(header + 4, expected);
}

static void test_headers(void **state)
{
    (void)state;
    const uint32_t src = 0x0a000001, dst = 0x0a000002;
    assert_header(
        &(struct build_packet){.src = src,
                               .dst = dst,
                               .protocol = 6,
                               .id = 7,
                               .srcport = 1,
                               .dstport = 2,
                               .seq = 3,
                               .ack = 4,
                               .tos = 16},
        "IN=eth\\x1b OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=40 TOS=0x10 TTL=64 ID=7 PROTO=TCP SPT=1 DPT=2 "
        "SEQ=3 ACK=4 WINDOW=65535 SYN");
    assert_header(
        &(struct build_packet){.src = src, .dst = dst, .srcport = 1, .dstport = 2, .fragment = 0x6000},
        "IN=eth\\x1b OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=28 TOS=0x00 TTL=64 ID=0 DF MF PROTO=UDP SPT=1 "
        "DPT=2");
    assert_header(
        &(struct build_packet){.src = src, .dst = dst, .fragment = 100},
        "IN=eth\\x1b OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=28 TOS=0x00 TTL=64 ID=0 FRAG:100 PROTO=UDP");
    assert_header(&(struct build_packet){.src = src, .dst = dst, .protocol = 1, .type = 8, .seq = 0x00020003},
                  "IN=eth\\x1b OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=28 TOS=0x00 TTL=64 ID=0 PROTO=ICMP TYPE=8 "
                  "CODE=0 ID=2 SEQ=3");
    assert_header(&(struct build_packet){.src = src, .dst = dst, .protocol = 99},
                  "IN=eth\\x1b OUT= SRC=10.0.0.1 DST=10.0.0.2 LEN=20 TOS=0x00 TTL=64 ID=0 PROTO=99");
    assert_header(
        &(struct build_packet){.version = 6, .src = 1, .dst = 2, .srcport = 1, .dstport = 2},
        "IN=eth\\x1b OUT= SRC=2001:db8::1 DST=2001:db8::2 LEN=48 TC=0 HOPLIMIT=64 FLOWLBL=0 PROTO=UDP "
        "SPT=1 DPT=2");
}

static void test_steps_and_marks(void **state)
{
    (void)state;
    const struct build_packet packet = {.src = 1, .dst = 2};
    g_autofree char *text = path_text(&packet, false);
    char *steps = strchr(text, '\n') + 1;
    assert_string_equal(
        steps, "  > filter INPUT policy            -P INPUT DROP [mark 0x2a]\n"
               "  = DROP by filter INPUT policy: -P INPUT DROP [some of its messages were lost] "
               "[may include another packet's messages] [one of several copies] [steps left out]\n\n");
    assert_null(strchr(text, '\x1b'));
    g_autofree char *coloured = path_text(&packet, true);
    assert_non_null(strstr(coloured, "\x1b[31mDROP"));
    /* What is coloured ends with its piece: the time, the deciding rule, the verdict. */
    unsigned on = 0, off = 0;
    for (const char *at = coloured; (at = strstr(at, "\x1b[")) != NULL; at++) {
        bool is_off = g_str_has_prefix(at, "\x1b[0m");
        *(is_off ? &off : &on) += 1;
        assert_int_equal(on, is_off ? off : off + 1);
    }
    assert_int_equal(on, 3);
    assert_int_equal(off, 3);
    assert_non_null(strstr(coloured, "-P INPUT DROP\x1b[0m [mark 0x2a]\n"));
    assert_non_null(strstr(coloured, "policy: -P INPUT DROP\x1b[0m [some of its messages"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays), cmocka_unit_test(test_what_could_do_harm_is_shown),
        cmocka_unit_test(test_any_bytes),        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_headers),          cmocka_unit_test(test_steps_and_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
