/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/tables.h"

/* An independent model: every way that a packet can go, as the list of all spots on it. What the functions
 * say of two spots must be what these lists say. */
static const struct spot ways[][12] = {
  /* received, for us */
    {{HOOK_PREROUTING, TABLE_RAW},
     {HOOK_PREROUTING, TABLE_MANGLE},
     {HOOK_PREROUTING, TABLE_NAT},
     {HOOK_INPUT, TABLE_MANGLE},
     {HOOK_INPUT, TABLE_FILTER},
     {HOOK_INPUT, TABLE_SECURITY},
     {HOOK_INPUT, TABLE_NAT},
     {HOOK_COUNT, TABLE_COUNT}    },
 /* forwarded */
    {{HOOK_PREROUTING, TABLE_RAW},
     {HOOK_PREROUTING, TABLE_MANGLE},
     {HOOK_PREROUTING, TABLE_NAT},
     {HOOK_FORWARD, TABLE_MANGLE},
     {HOOK_FORWARD, TABLE_FILTER},
     {HOOK_FORWARD, TABLE_SECURITY},
     {HOOK_POSTROUTING, TABLE_MANGLE},
     {HOOK_POSTROUTING, TABLE_NAT},
     {HOOK_COUNT, TABLE_COUNT}},
 /* sent by us */
    {{HOOK_OUTPUT, TABLE_RAW},
     {HOOK_OUTPUT, TABLE_MANGLE},
     {HOOK_OUTPUT, TABLE_NAT},
     {HOOK_OUTPUT, TABLE_FILTER},
     {HOOK_OUTPUT, TABLE_SECURITY},
     {HOOK_POSTROUTING, TABLE_MANGLE},
     {HOOK_POSTROUTING, TABLE_NAT},
     {HOOK_COUNT, TABLE_COUNT}},
};

static int place_on(const struct spot *way, struct spot spot)
{
    for (int i = 0; way[i].hook != HOOK_COUNT; i++)
        if (way[i].hook == spot.hook && way[i].table == spot.table)
            return i;
    return -1;
}

static bool must_speak(struct spot spot, table_set exist)
{
    return spot.table != TABLE_NAT && (exist >> spot.table & 1);
}

static bool model_is_later(struct spot from, struct spot to)
{
    for (unsigned w = 0; w < 3; w++) {
        int a = place_on(ways[w], from), b = place_on(ways[w], to);
        if (a >= 0 && b > a)
            return true;
    }
    return false;
}

static bool model_follows(struct spot from, struct spot to, table_set exist)
{
    for (unsigned w = 0; w < 3; w++) {
        int a = place_on(ways[w], from), b = place_on(ways[w], to);
        if (a < 0 || b <= a)
            continue;
        bool skipped = false;
        for (int i = a + 1; i < b; i++)
            skipped = skipped || must_speak(ways[w][i], exist);
        if (!skipped)
            return true;
    }
    return false;
}

static bool model_begins(struct spot spot, table_set exist)
{
    for (unsigned w = 0; w < 3; w++) {
        int place = place_on(ways[w], spot);
        if (place < 0 || ways[w][place].hook != ways[w][0].hook)
            continue;
        bool skipped = false;
        for (int i = 0; i < place; i++)
            skipped = skipped || must_speak(ways[w][i], exist);
        return !skipped;
    }
    return false;
}

static enum expectation model_expects(struct spot from, table_set exist)
{
    bool hook = false, any_way_silent = false, later_somewhere = false, nat = false;
    for (unsigned w = 0; w < 3; w++) {
        int place = place_on(ways[w], from);
        if (place < 0)
            continue;
        bool later = false;
        for (int i = place + 1; ways[w][i].hook != HOOK_COUNT; i++) {
            bool speaks = must_speak(ways[w][i], exist);
            hook = hook || (speaks && ways[w][i].hook == from.hook);
            later = later || speaks;
            nat = nat || (ways[w][i].table == TABLE_NAT && (exist >> TABLE_NAT & 1));
        }
        later_somewhere = later_somewhere || later;
        any_way_silent = any_way_silent || !later;
    }
    if (hook)
        return EXPECT_HOOK;
    if (!any_way_silent)
        return EXPECT_LATER;
    return nat || later_somewhere ? EXPECT_MAYBE : EXPECT_NOTHING;
}

static bool is_spot(struct spot spot)
{
    return place_on(ways[0], spot) >= 0 || place_on(ways[1], spot) >= 0 || place_on(ways[2], spot) >= 0;
}

typedef void judge_fn(struct spot from, struct spot to, table_set exist);

static void for_all(judge_fn *judge)
{
    for (table_set exist = 0; exist < 1 << TABLE_COUNT; exist++)
        for (unsigned a = 0; a < HOOK_COUNT * TABLE_COUNT; a++)
            for (unsigned b = 0; b < HOOK_COUNT * TABLE_COUNT; b++) {
                struct spot from = {a / TABLE_COUNT, a % TABLE_COUNT},
                            to = {b / TABLE_COUNT, b % TABLE_COUNT};
                if (is_spot(from) && is_spot(to))
                    judge(from, to, exist);
            }
}

static void judge_pair(struct spot from, struct spot to, table_set exist)
{
    bool ok = spot_follows(from, to, exist) == model_follows(from, to, exist) &&
              spot_is_later(from, to) == model_is_later(from, to);
    if (!ok)
        fail_msg("%s %s, then %s %s, of tables 0x%x", hook_name(from.hook), table_name(from.table),
                 hook_name(to.hook), table_name(to.table), exist);
    if (!model_is_later(from, to) || from.hook == to.hook)
        return;
    assert_true(hook_leads_to(from.hook, to.hook));
}

static void judge_one(struct spot from, struct spot to, table_set exist)
{
    (void)to;
    if (!(exist >> from.table & 1))
        return;
    if (spot_begins_path(from, exist) != model_begins(from, exist))
        fail_msg("begin at %s %s of tables 0x%x", hook_name(from.hook), table_name(from.table), exist);
    if (spot_expects(from, exist) != model_expects(from, exist))
        fail_msg("after %s %s of tables 0x%x: %d, not %d", hook_name(from.hook), table_name(from.table),
                 exist, spot_expects(from, exist), model_expects(from, exist));
}

static void test_every_pair_of_every_set(void **state)
{
    (void)state;
    for_all(judge_pair);
}

static void test_beginnings_and_expectations(void **state)
{
    (void)state;
    for_all(judge_one);
}

/* The destination changes between nat's place and what is behind it, wherever nat was silent. */
static void test_translation(void **state)
{
    (void)state;
    for (unsigned w = 0; w < 3; w++)
        for (int a = 0; ways[w][a].hook != HOOK_COUNT; a++)
            for (int b = a + 1; ways[w][b].hook != HOOK_COUNT; b++) {
                const int nat = 2; /* on each way */
                assert_int_equal(spot_is_translated(ways[w][a], ways[w][b]), a <= nat && b > nat);
            }
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TABLE_COUNT; i++)
        assert_int_equal(table_of_name(build_text(table_name(i))), i);
    assert_int_equal(table_of_name(BYTES("filte")), TABLE_COUNT);
    assert_int_equal(table_of_name(BYTES("filters")), TABLE_COUNT);
    assert_int_equal(table_of_name(BYTES("")), TABLE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_every_set),
        cmocka_unit_test(test_beginnings_and_expectations),
        cmocka_unit_test(test_translation),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
