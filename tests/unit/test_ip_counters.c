/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "recorder/system/ip_counters.h"

#include <glib.h>
#include <string.h>

#include "unit.h"

static const char netstat[] = "TcpExt: SyncookiesSent IPReversePathFilter TCPTimeouts\n"
                              "TcpExt: 7 3 9\n"
                              "IpExt: InNoRoutes InTruncatedPkts InOctets\n"
                              "IpExt: 5 0 18446744073709551615\n";
static const char snmp[] = "Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors FragFails\n"
                           "Ip: 1 64 100 2 4 6\n"
                           "Icmp: InMsgs InErrors\n"
                           "Icmp: 1 2\n";
static const char snmp6[] = "Ip6InReceives                   \t1\n"
                            "Ip6InNoRoutes                   \t8\n"
                            "Ip6InTooBigErrors               \t9\n";

static void reads_what_the_kernel_prints(void **state)
{
    (void)state;
    struct ip_counters counters = {0};
    ip_counters_parse(netstat, &counters);
    ip_counters_parse(snmp, &counters);
    ip_counters_parse(snmp6, &counters);
    assert_int_equal(counters.value[IP_REVERSE_PATH_FILTER], 3);
    assert_int_equal(counters.value[IP_IN_NO_ROUTES], 5);
    assert_int_equal(counters.value[IP_IN_HDR_ERRORS], 2);
    assert_int_equal(counters.value[IP_IN_ADDR_ERRORS], 4);
    assert_int_equal(counters.value[IP_FRAG_FAILS], 6);
    assert_int_equal(counters.value[IP6_IN_NO_ROUTES], 8);
    assert_int_equal(counters.value[IP6_IN_TOO_BIG_ERRORS], 9);
    assert_int_equal(counters.value[IP6_FRAG_FAILS], 0);
}

static bool any(const struct ip_counters *counters)
{
    g_autofree char *text = ip_counters_describe(counters);
    return text[0] != '\0';
}

static void bears_any_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",  "Ip:",  "Ip:\nIp:", "Ip: InHdrErrors\n", "Ip: InHdrErrors\nUdp: 1\n", "Ip: InHdrErrors\nIp: x\n",
        ":", ":\n:", "\n\n",     "Ip6InNoRoutes",     "Ip6InNoRoutes \tmany",      "Ip: InHdrErrors\nIp:",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct ip_counters counters = {0};
        ip_counters_parse(texts[i], &counters);
        assert_false(any(&counters));
    }
}

static void tells_growth(void **state)
{
    (void)state;
    struct ip_counters before = {0}, after = {0};
    before.value[IP_IN_NO_ROUTES] = 5;
    after = before;
    struct ip_counters growth = ip_counters_growth(&before, &after);
    assert_false(any(&growth));
    after.value[IP_IN_NO_ROUTES] = 7;
    after.value[IP6_FRAG_FAILS] = 1;
    after.value[IP_OUT_NO_ROUTES] = 4;
    growth = ip_counters_growth(&before, &after);
    assert_true(any(&growth));
    assert_int_equal(ip_counters_routing(&growth, 4), 2);
    assert_int_equal(ip_counters_routing(&growth, 6), 1);
    g_autofree char *text = ip_counters_describe(&growth);
    assert_string_equal(text,
                        "2 without a route (InNoRoutes), 4 sent by this host without a route (OutNoRoutes), "
                        "1 that could not be fragmented (Ip6FragFails)");
    /* A counter that went back is that of another namespace, or was reset. */
    growth = ip_counters_growth(&after, &before);
    assert_false(any(&growth));
}

static void names_are_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < IP_COUNTER_COUNT; i++) {
        struct ip_counters one = {0};
        one.value[i] = 1;
        g_autofree char *text = ip_counters_describe(&one);
        assert_true(strlen(text) > strlen("1  ()") && !strstr(text, "null"));
        assert_int_equal(strncmp(ip_counter_field(i), "IPTRACE_IP", 10), 0);
        for (const char *c = ip_counter_field(i); *c; c++)
            assert_true(g_ascii_isupper(*c) || g_ascii_isdigit(*c) || *c == '_');
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(ip_counter_field(i), ip_counter_field(k));
    }
}

/* The kernel's own files: each counter stands in one of them, and an open one is read again. */
static void kernel_has_them(void **state)
{
    (void)state;
    struct ip_counter_files files;
    struct ip_counters counters, again;
    ip_counter_files_open(&files);
    if (files.netstat < 0 || files.snmp < 0)
        skip();
    assert_true(ip_counters_read(&files, &counters));
    assert_true(ip_counters_read(&files, &again));
    static const char *const paths[] = {"/proc/net/netstat", "/proc/net/snmp", "/proc/net/snmp6"};
    g_autoptr(GString) all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *text = NULL;
        if (g_file_get_contents(paths[i], &text, NULL, NULL))
            g_string_append(all, text);
    }
    for (unsigned i = 0; i < IP_COUNTER_COUNT; i++) {
        struct ip_counters one = {0};
        one.value[i] = 1;
        g_autofree char *text = ip_counters_describe(&one); /* "1 without a route (InNoRoutes)" */
        char *name = strrchr(text, '(') + 1;
        name[strcspn(name, ")")] = '\0';
        if (files.snmp6 >= 0 || !g_str_has_prefix(name, "Ip6"))
            assert_non_null(strstr(all->str, name));
    }
    ip_counter_files_close(&files);
    assert_false(ip_counters_read(&files, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_kernel_prints),
        cmocka_unit_test(bears_any_text),
        cmocka_unit_test(tells_growth),
        cmocka_unit_test(names_are_whole),
        cmocka_unit_test(kernel_has_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
