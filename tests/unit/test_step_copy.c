/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/step_copy.h"

#define STRINGS 9

/* The strings that a copy keeps. */
static void strings_of(struct step *step, struct bytes *ret_strings[STRINGS])
{
    struct bytes *const strings[STRINGS] = {
        &step->table,      &step->chain,       &step->rule,           &step->target,         &step->comment,
        &step->context.in, &step->context.out, &step->context.physin, &step->context.physout};
    memcpy(ret_strings, strings, sizeof strings);
}

static void test_every_string_outlives_what_it_was_read_from(void **state)
{
    (void)state;
    struct step step = {.type = STEP_RULE, .rulenum = 4, .ruleset = 3, .stale = true};
    struct bytes *strings[STRINGS], *copies[STRINGS];
    uint8_t *room = unit_allocate(STRINGS * 8);
    size_t length = 0;
    strings_of(&step, strings);
    for (size_t i = 0; i < STRINGS; i++) {
        memset(room + 8 * i, (int)('a' + i), 8);
        *strings[i] = (struct bytes){room + 8 * i, i < 8 ? i + 1 : 0}; /* the last is empty */
        length += strings[i]->length;
    }
    /* What is not kept: it stands in the message itself. */
    step.context.has_mark = step.context.has_hook = true;
    step.context.mark = 1;
    step.change.has_ttl = true;

    struct step_copy *copy = step_copy_new(&step);
    free(room);
    strings_of(&copy->step, copies);
    for (size_t i = 0; i < STRINGS; i++) {
        assert_int_equal(copies[i]->length, i < 8 ? i + 1 : 0);
        for (size_t k = 0; k < copies[i]->length; k++)
            assert_int_equal(copies[i]->data[k], 'a' + i);
    }
    assert_int_equal(copy->step.type, STEP_RULE);
    assert_int_equal(copy->step.rulenum, 4);
    assert_int_equal(copy->step.ruleset, 3);
    assert_true(copy->step.stale);
    assert_false(copy->step.context.has_mark || copy->step.context.has_hook);
    assert_int_equal(copy->step.context.mark, 0);
    assert_true(change_is_empty(&copy->step.change));
    assert_int_equal(copy->size, sizeof *copy + length);
    step_copy_unref(copy);
}

static void test_the_last_reference_frees_it(void **state)
{
    (void)state;
    const struct step step = {.rule = BYTES("-A INPUT -j DROP")};
    struct step_copy *copy = step_copy_new(&step);
    assert_ptr_equal(step_copy_ref(copy), copy);
    step_copy_unref(copy);
    unit_assert_bytes(copy->step.rule, BYTES("-A INPUT -j DROP"));
    step_copy_unref(copy);
    step_copy_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_string_outlives_what_it_was_read_from),
        cmocka_unit_test(test_the_last_reference_frees_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
