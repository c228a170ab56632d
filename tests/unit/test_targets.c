/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include "format/targets.h"
#include "recorder/legacy/walk/ruleset.h"

static const struct target *find(const char *name)
{
    return target_find((struct bytes){(const uint8_t *)name, strlen(name)});
}

static void test_each_side_finds_what_it_asks_for(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum action action;
        unsigned effect;
        bool standard;
    } rows[] = {
        {"",           ACTION_CONTINUE, 0,                                                false},
        {"ACCEPT",     ACTION_ACCEPT,   0,                                                true },
        {"DROP",       ACTION_DROP,     0,                                                true },
        {"RETURN",     ACTION_RETURN,   0,                                                true },
        {"QUEUE",      ACTION_QUEUE,    TARGET_UNKNOWN,                                   true },
        {"NFQUEUE",    ACTION_QUEUE,    TARGET_TRANSLATES | TARGET_ALTERS | TARGET_MARKS, false},
        {"REJECT",     ACTION_REJECT,   0,                                                false},
        {"SYNPROXY",   ACTION_STOLEN,   TARGET_UNKNOWN,                                   false},
        {"TPROXY",     ACTION_TPROXY,   TARGET_MARKS,                                     false},
        {"MASQUERADE", ACTION_NAT,      TARGET_TRANSLATES,                                false},
        {"SNPT",       ACTION_MAYBE,    TARGET_TRANSLATES,                                false},
        {"LOG",        ACTION_CONTINUE, TARGET_LOGS,                                      false},
        {"MARK",       ACTION_CONTINUE, TARGET_MARKS,                                     false},
        {"TTL",        ACTION_CONTINUE, TARGET_ALTERS,                                    false},
        {"CT",         ACTION_CONTINUE, TARGET_UNKNOWN,                                   false},
        {"DROPX",      ACTION_MAYBE,    TARGET_UNKNOWN,                                   false},
        {"drop",       ACTION_MAYBE,    TARGET_UNKNOWN,                                   false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct target *target = find(rows[i].name);
        assert_int_equal(
            action_of_target((struct bytes){(const uint8_t *)rows[i].name, strlen(rows[i].name)}),
            rows[i].action);
        assert_int_equal(target->effect, rows[i].effect);
        assert_int_equal(target->is_standard, rows[i].standard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_side_finds_what_it_asks_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
