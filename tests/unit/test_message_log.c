/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/trace_build.h"

#include "recorder/legacy/walk/message_log.h"

#define MESSAGES 40

/* An event of random attributes, of few values, so that they stay, change, come and go. */
struct any_event {
    struct event event;
    uint8_t values[MESSAGE_ATTRIBUTES_MAX][4];
    struct annotation annotation;
};

static struct bytes any_name(struct unit_random *random)
{
    static const struct bytes names[] = {
        BYTES("eth0"), BYTES("veth12"), {NULL, 0}
    };
    return names[unit_random_below(random, 3)];
}

static void make_any(struct unit_random *random, struct any_event *any, struct ruleset *ruleset)
{
    memset(any, 0, sizeof *any);
    for (unsigned i = 1; i < MESSAGE_ATTRIBUTES_MAX; i++) {
        memset(any->values[i], (int)unit_random_below(random, 2), 4);
        if (unit_random_below(random, 3) > 0)
            message_set(&any->event.message, i,
                        (struct bytes){any->values[i], unit_random_below(random, 4) ? 4 : 0});
    }
    any->event.message.number = unit_random(random);
    any->event.message.family = unit_random_below(random, 2) ? 2 : 10;
    any->event.received_ns = unit_random(random);
    any->event.lost_before = unit_random_below(random, 3);
    any->event.in = any_name(random);
    any->event.out = any_name(random);
    any->event.physin = any_name(random);
    any->event.physout = any_name(random);
    any->annotation.number = unit_random_below(random, 100);
    any->annotation.ruleset = unit_random_below(random, 2) ? ruleset : NULL;
}

static void assert_same_events(const struct event *a, const struct event *b)
{
    assert_int_equal(a->message.number, b->message.number);
    assert_int_equal(a->message.family, b->message.family);
    assert_int_equal(a->message.present, b->message.present);
    assert_int_equal(a->received_ns, b->received_ns);
    assert_int_equal(a->lost_before, b->lost_before);
    for (unsigned i = 0; i < MESSAGE_ATTRIBUTES_MAX; i++)
        unit_assert_bytes(message_has(&a->message, i) ? a->message.attribute[i] : (struct bytes){0},
                          b->message.attribute[i]);
    unit_assert_bytes(a->in, b->in);
    unit_assert_bytes(a->out, b->out);
    unit_assert_bytes(a->physin, b->physin);
    unit_assert_bytes(a->physout, b->physout);
}

static void assert_log(const struct message_log *log, const struct any_event *any, size_t count)
{
    struct message_log_iterator iterator;
    assert_int_equal(message_log_count(log), count);
    message_log_begin(log, &iterator);
    for (size_t i = 0; i < count; i++) {
        assert_true(message_log_next(&iterator));
        assert_same_events(&iterator.event, &any[i].event);
        assert_int_equal(iterator.annotation->number, any[i].annotation.number);
        assert_ptr_equal(iterator.annotation->ruleset, any[i].annotation.ruleset);
        assert_ptr_equal(message_log_annotation(log, i), iterator.annotation);
    }
    assert_false(message_log_next(&iterator));
}

static void test_random_events_come_back(void **state)
{
    (void)state;
    struct unit_random random = {42};
    struct ruleset *ruleset = build_ruleset("*raw\n:OUTPUT ACCEPT\nCOMMIT\n");
    struct message_log *log = message_log_new();
    static struct any_event any[MESSAGES];
    for (unsigned round = 0; round < 50; round++) {
        size_t count = 0;
        while (count < MESSAGES) {
            bool replace = count > 0 && unit_random_below(&random, 3) == 0;
            count += !replace;
            make_any(&random, &any[count - 1], ruleset);
            (replace ? message_log_replace_last : message_log_add)(log, &any[count - 1].event,
                                                                   &any[count - 1].annotation);
        }
        assert_log(log, any, count);
        message_log_clear(log);
        assert_int_equal(message_log_count(log), 0);
    }
    message_log_free(log);
    ruleset_unref(ruleset);
}

/* What does not change takes no room, and keeps its address: readers need not look again. */
static void test_what_stays_is_kept_once(void **state)
{
    (void)state;
    struct message_log *log = message_log_new();
    static uint8_t payload[1000];
    struct event event = {0};
    const struct annotation annotation = {.number = 1};
    message_set(&event.message, MESSAGE_PAYLOAD, (struct bytes){payload, sizeof payload});
    message_log_add(log, &event, &annotation);
    size_t one = message_log_memory(log);
    for (unsigned i = 0; i < 9; i++)
        message_log_add(log, &event, &annotation);
    assert_true(message_log_memory(log) - one < 9 * 400);
    struct message_log_iterator iterator;
    message_log_begin(log, &iterator);
    message_log_next(&iterator);
    const uint8_t *at = iterator.event.message.attribute[MESSAGE_PAYLOAD].data;
    while (message_log_next(&iterator))
        assert_ptr_equal(iterator.event.message.attribute[MESSAGE_PAYLOAD].data, at);
    message_log_free(log);
}

/* However often the last is replaced, nothing is left of those before. */
static void test_replacing_takes_no_room(void **state)
{
    (void)state;
    struct unit_random random = {7};
    struct message_log *log = message_log_new();
    static struct any_event any[3];
    for (unsigned i = 0; i < 2; i++) {
        make_any(&random, &any[i], NULL);
        message_log_add(log, &any[i].event, &any[i].annotation);
    }
    for (unsigned i = 0; i < 10000; i++) {
        make_any(&random, &any[1], NULL);
        message_log_replace_last(log, &any[1].event, &any[1].annotation);
    }
    assert_log(log, any, 2);
    assert_true(message_log_memory(log) < 20000);
    message_log_free(log);
}

static void test_steps_of_a_file_stay(void **state)
{
    (void)state;
    struct message_log *log = message_log_new();
    const struct step step = {
        .table = BYTES("filter"), .rule = BYTES("-A INPUT -j DROP"), .rulenum = 3, .type = STEP_RULE};
    struct step_copy *copy = step_copy_new(&step);
    const struct event event = {.step = copy};
    const struct annotation annotation = {.step = copy};
    size_t before = message_log_memory(log);
    message_log_add(log, &event, &annotation);
    assert_true(message_log_memory(log) >= before + copy->size);
    assert_int_equal(copy->references, 2);
    step_copy_unref(copy);
    struct message_log_iterator iterator;
    message_log_begin(log, &iterator);
    assert_true(message_log_next(&iterator));
    assert_ptr_equal(iterator.event.step, iterator.annotation->step);
    unit_assert_bytes(iterator.event.step->step.rule, BYTES("-A INPUT -j DROP"));
    assert_int_equal(iterator.event.step->step.rulenum, 3);

    const struct annotation other = {.number = 5};
    message_log_annotate(log, 0, &other);
    assert_null(message_log_annotation(log, 0)->step);
    assert_int_equal(message_log_annotation(log, 0)->number, 5);
    message_log_free(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_events_come_back),
        cmocka_unit_test(test_what_stays_is_kept_once),
        cmocka_unit_test(test_replacing_takes_no_room),
        cmocka_unit_test(test_steps_of_a_file_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
