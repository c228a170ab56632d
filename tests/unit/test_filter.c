/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#include "recorder/core/filter.h"

static struct filter compiled(const char *expression)
{
    struct filter filter;
    struct error error = {""};
    if (filter_compile(expression, &filter, &error) != 0)
        fail_msg("%s", error.text);
    return filter;
}

static void test_empty_matches_all(void **state)
{
    (void)state;
    struct filter filter = compiled("");
    assert_int_equal(filter.count, 0);
    assert_null(filter.instructions);
    filter_done(&filter);
    filter = compiled(" \t\n");
    assert_int_equal(filter.count, 0);
    filter_done(&filter);
}

static uint32_t load(const uint8_t *packet, size_t length, size_t at, unsigned size, bool *outside)
{
    uint32_t value = 0;
    if (at + size > length) {
        *outside = true;
        return 0;
    }
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | packet[at + i];
    return value;
}

/* The instructions that libpcap makes, run as the kernel runs them (Documentation/networking/filter.rst). */
static uint32_t run(const struct filter *filter, const uint8_t *packet, size_t length)
{
    uint32_t a = 0, x = 0;
    bool outside = false;
    for (size_t i = 0; i < filter->count; i++) {
        const struct sock_filter *in = &filter->instructions[i];
        switch (in->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            a = load(packet, length, in->k, 4, &outside);
            break;
        case BPF_LD | BPF_H | BPF_ABS:
            a = load(packet, length, in->k, 2, &outside);
            break;
        case BPF_LD | BPF_B | BPF_ABS:
            a = load(packet, length, in->k, 1, &outside);
            break;
        case BPF_LD | BPF_H | BPF_IND:
            a = load(packet, length, (size_t)x + in->k, 2, &outside);
            break;
        case BPF_LDX | BPF_B | BPF_MSH:
            x = 4 * (load(packet, length, in->k, 1, &outside) & 15);
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            a &= in->k;
            break;
        case BPF_JMP | BPF_JA:
            i += in->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
            i += a == in->k ? in->jt : in->jf;
            break;
        case BPF_JMP | BPF_JSET | BPF_K:
            i += a & in->k ? in->jt : in->jf;
            break;
        case BPF_RET | BPF_K:
            return in->k;
        default:
            fail_msg("instruction %#x is not known to this test", in->code);
        }
        if (outside)
            return 0;
    }
    fail_msg("the program has no end");
    return 0;
}

static void test_one_program_serves_both_families(void **state)
{
    (void)state;
    uint8_t four[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6};
    uint8_t six[60] = {0x60, 0, 0, 0, 0, 20, 6, 64};
    four[23] = 80;
    six[43] = 80;
    struct filter filter = compiled("tcp dst port 80");
    assert_int_not_equal(run(&filter, four, sizeof four), 0);
    assert_int_not_equal(run(&filter, six, sizeof six), 0);
    four[23] = six[43] = 81;
    assert_int_equal(run(&filter, four, sizeof four), 0);
    assert_int_equal(run(&filter, six, sizeof six), 0);
    four[9] = 17, four[23] = 80;
    assert_int_equal(run(&filter, four, sizeof four), 0);
    filter_done(&filter);

    filter = compiled("ip6");
    assert_int_equal(run(&filter, four, sizeof four), 0);
    assert_int_not_equal(run(&filter, six, sizeof six), 0);
    filter_done(&filter);
}

static void test_errors_have_the_words_of_libpcap(void **state)
{
    (void)state;
    struct filter filter;
    struct error error;
    assert_int_equal(filter_compile("tcp prt 80 and", &filter, &error), -EINVAL);
    assert_non_null(strstr(error.text, "filter 'tcp prt 80 and': "));
    assert_non_null(strstr(error.text, "syntax error"));
    assert_non_null(strstr(error.text, ", at 'prt 80 and'"));
    assert_int_equal(filter_compile("  udp  port", &filter, &error), -EINVAL);
    assert_non_null(strstr(error.text, ", at 'port'"));
    assert_int_equal(filter_compile("(udp", &filter, &error), -EINVAL);
    assert_non_null(strstr(error.text, ", at '(udp'"));
    assert_int_equal(filter_compile("host 1.2.3.4.5.6 or", &filter, &error), -EINVAL);
    assert_int_equal(filter_compile("port 99999", &filter, &error), -EINVAL);
    assert_non_null(strstr(error.text, "99999"));
    assert_int_equal(filter_compile("ether host 00:11:22:33:44:55", &filter, &error), -EINVAL);
    assert_int_equal(filter_compile("tcp and udp", &filter, &error), -EINVAL);
    assert_int_equal(filter_compile("tcp and udp", &filter, NULL), -EINVAL);
}

static void test_too_long_for_the_kernel(void **state)
{
    (void)state;
    char expression[4000] = "host 10.0.0.1";
    for (int i = 2; i < 60; i++)
        snprintf(expression + strlen(expression), 40, " or host 10.0.0.%d", i);
    struct filter filter;
    struct error error;
    assert_int_equal(filter_compile(expression, &filter, &error), -E2BIG);
    assert_non_null(strstr(error.text, " instructions, but the kernel's bpf match takes at most 64"));
}

/* tcpdump's own compiler output: the count, then a line an instruction. */
static void test_same_as_tcpdump(void **state)
{
    (void)state;
    static const char *const expressions[] = {
        "tcp port 80",
        "host 192.0.2.1 and not port 22",
        "icmp or icmp6",
        "udp portrange 1000-2000",
        "net 10.0.0.0/8",
        "ip6 host 2001:db8::1",
        "tcp[tcpflags] & tcp-syn != 0",
        "less 100",
        "src net 192.0.2.0/24 and (tcp port 443 or udp port 443)",
    };
    if (system("tcpdump --version >/dev/null 2>&1") != 0)
        skip();
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        char command[256];
        /* From a file of no packets: needs no privilege, and the link type and length are as ours. */
        snprintf(command, sizeof command,
                 "printf "
                 "'\\324\\303\\262\\241\\2\\0\\4\\0\\0\\0\\0\\0\\0\\0\\0\\0\\377\\377\\0\\0\\145\\0\\0\\0' | "
                 "tcpdump -s 65535 -r - -ddd '%s' 2>/dev/null",
                 expressions[i]);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        struct filter filter = compiled(expressions[i]);
        size_t count = 0;
        assert_int_equal(fscanf(pipe, "%zu", &count), 1);
        assert_int_equal(filter.count, count);
        for (size_t k = 0; k < count; k++) {
            unsigned code, jt, jf, value;
            assert_int_equal(fscanf(pipe, "%u %u %u %u", &code, &jt, &jf, &value), 4);
            assert_int_equal(filter.instructions[k].code, code);
            assert_int_equal(filter.instructions[k].jt, jt);
            assert_int_equal(filter.instructions[k].jf, jf);
            /* How much of the packet to take: tcpdump's snapshot length; the bpf match asks for yes or no. */
            if (code != (BPF_RET | BPF_K))
                assert_int_equal(filter.instructions[k].k, value);
            else
                assert_int_equal(filter.instructions[k].k != 0, value != 0);
        }
        pclose(pipe);
        filter_done(&filter);
    }
}

/* Ports are looked for where whole packets have them. */
static void test_what_fragments_lack(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        bool v4, v6;
    } cases[] = {
        {"udp port 53",                           true,  true },
        {"port 53",                               true,  true },
        {"not port 22",                           true,  true },
        {"tcp src port 80",                       true,  true },
        {"udp dst portrange 10-20",               true,  true },
        {"ip and udp port 53",                    true,  false},
        {"ip6 and udp port 53",                   false, true },
        {"tcp[tcpflags] & tcp-syn != 0",          true,  false},
        {"icmp[icmptype] = icmp-echo",            true,  false},
        {"host 10.1.2.3 and port 53",             true,  false},
        {"udp",                                   false, false},
        {"host 10.1.2.3 or host 2001:db8::1",     false, false},
        {"ip[6:2] & 0x1fff != 0 or ip6 proto 44", false, false},
        {"",                                      false, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct filter filter = compiled(cases[i].expression);
        if (filter_needs_transport(&filter, 4) != cases[i].v4 ||
            filter_needs_transport(&filter, 6) != cases[i].v6)
            fail_msg("%s", cases[i].expression);
        filter_done(&filter);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_matches_all),
        cmocka_unit_test(test_one_program_serves_both_families),
        cmocka_unit_test(test_errors_have_the_words_of_libpcap),
        cmocka_unit_test(test_too_long_for_the_kernel),
        cmocka_unit_test(test_same_as_tcpdump),
        cmocka_unit_test(test_what_fragments_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
