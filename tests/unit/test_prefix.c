/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "recorder/legacy/walk/prefix.h"

static struct bytes text(const char *string)
{
    return (struct bytes){(const uint8_t *)string, strlen(string)};
}

static void expect(const char *string, const char *table, const char *chain, enum prefix_type type,
                   uint32_t number)
{
    struct prefix prefix;
    uint8_t *copy = unit_copy(text(string));
    assert_true(prefix_parse((struct bytes){copy, strlen(string)}, &prefix));
    unit_assert_bytes(prefix.table, text(table));
    unit_assert_bytes(prefix.chain, text(chain));
    assert_int_equal(prefix.type, type);
    assert_int_equal(prefix.number, number);
    free(copy);
}

static void test_what_the_kernel_sends(void **state)
{
    (void)state;
    expect("TRACE: raw:PREROUTING:rule:1 ", "raw", "PREROUTING", PREFIX_RULE, 1);
    expect("TRACE: filter:INPUT:policy:4 ", "filter", "INPUT", PREFIX_POLICY, 4);
    expect("TRACE: nat:DOCKER:return:100001 ", "nat", "DOCKER", PREFIX_RETURN, 100001);
    expect("TRACE: t:c:rule:4294967295 ", "t", "c", PREFIX_RULE, UINT32_MAX);
}

static void test_chains_with_separators(void **state)
{
    (void)state;
    expect("TRACE: filter:a:b:return:1 ", "filter", "a:b", PREFIX_RETURN, 1);
    expect("TRACE: filter:rule:1:rule:2 ", "filter", "rule:1", PREFIX_RULE, 2);
    expect("TRACE: filter:::policy:2 ", "filter", ":", PREFIX_POLICY, 2);
    expect("TRACE: filter:with a space :rule:2 ", "filter", "with a space ", PREFIX_RULE, 2);
    expect("TRACE: filter:\x1b[31m\xff:rule:2 ", "filter", "\x1b[31m\xff", PREFIX_RULE, 2);
}

static void test_everything_else_is_foreign(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "",
        " ",
        "TRACE:",
        "TRACE: ",
        "TRACE:  ",
        "TRACE: : : ",
        "TRACE: filter",
        "TRACE: filter:INPUT ",
        "TRACE: filter:INPUT:rule ",
        "TRACE: filter:INPUT:rule: ",
        "TRACE: filter:INPUT:rule:1",
        "TRACE: filter:INPUT:rule:0 ",
        "TRACE: filter:INPUT:rule:01 ",
        "TRACE: filter:INPUT:rule:-1 ",
        "TRACE: filter:INPUT:rule:+1 ",
        "TRACE: filter:INPUT:rule:1  ",
        "TRACE: filter:INPUT:rule: 1 ",
        "TRACE: filter:INPUT:rule:4294967296 ",
        "TRACE: filter:INPUT:rule:99999999999999999999 ",
        "TRACE: filter:INPUT:rule:0x1 ",
        "TRACE: filter:INPUT:jump:1 ",
        "TRACE: filter:INPUT::1 ",
        "TRACE: filter:rule:1 ",
        "TRACE: filter::rule:1 ",
        "TRACE: :INPUT:rule:1 ",
        "TRACE: :rule:1 ",
        "trace: filter:INPUT:rule:1 ",
        "xTRACE: filter:INPUT:rule:1 ",
        "TRACE filter:INPUT:rule:1 ",
        "nf_ct_icmp: short packet ",
        "TRACE: inet filter:INPUT:rule:0x3:CONTINUE ",
    };
    struct prefix prefix;
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        uint8_t *copy = unit_copy(text(foreign[i]));
        if (prefix_parse((struct bytes){copy, strlen(foreign[i])}, &prefix))
            fail_msg("taken for a TRACE message: '%s'", foreign[i]);
        free(copy);
    }
    assert_false(prefix_parse((struct bytes){0}, &prefix));
}

static void read_any(struct bytes bytes)
{
    struct prefix prefix;
    if (prefix_parse(bytes, &prefix)) {
        assert_true(prefix.table.length > 0 && prefix.chain.length > 0 && prefix.number > 0);
        assert_true(prefix.table.data >= bytes.data);
        assert_true(prefix.chain.data + prefix.chain.length <= bytes.data + bytes.length);
    }
}

static void test_damage(void **state)
{
    (void)state;
    unit_cut_everywhere(BYTES("TRACE: filter:a:b:return:12 "), read_any);
    unit_flip_everywhere(BYTES("TRACE: filter:a:b:return:12 "), read_any);
    read_any(BYTES("TRACE: fil\0ter:a\0b:rule:1 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_kernel_sends),
        cmocka_unit_test(test_chains_with_separators),
        cmocka_unit_test(test_everything_else_is_foreign),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
