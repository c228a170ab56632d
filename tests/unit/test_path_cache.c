/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
#include "tests/unit/unit.h"

#include <glib.h>

#include "format/path_record.h"

#define STEPS 4

/* What two ways may differ in: every member of a step but the time itself. Each has another value of the same
 * length, so that neither lengths nor hashes tell them apart alone. 0 is the way itself. */
static void differ(struct step *step, unsigned how)
{
    struct bytes *const strings[] = {&step->rule,        &step->chain,          &step->table,
                                     &step->target,      &step->comment,        &step->context.in,
                                     &step->context.out, &step->context.physin, &step->context.physout,
                                     &step->change.src,  &step->change.dst};
    bool *const flags[] = {
        &step->stale,           &step->context.has_hook,   &step->context.has_mark,   &step->context.has_uid,
        &step->context.has_gid, &step->change.has_srcport, &step->change.has_dstport, &step->change.has_ttl,
        &step->change.has_tos,  &step->change.has_length};
    uint32_t *const numbers[] = {&step->rulenum,      &step->ruleset,      &step->type,
                                 &step->context.hook, &step->context.mark, &step->context.uid,
                                 &step->context.gid,  &step->change.length};
    static uint8_t others[G_N_ELEMENTS(strings)][32];
    if (how == 0)
        return;
    if (--how < G_N_ELEMENTS(strings)) {
        memcpy(others[how], strings[how]->data, strings[how]->length);
        others[how][strings[how]->length - 1] ^= 1;
        strings[how]->data = others[how];
    } else if ((how -= G_N_ELEMENTS(strings)) < G_N_ELEMENTS(flags)) {
        *flags[how] = !*flags[how];
    } else if ((how -= G_N_ELEMENTS(flags)) < G_N_ELEMENTS(numbers)) {
        ++*numbers[how];
    } else if ((how -= G_N_ELEMENTS(numbers)) == 0) {
        step->change.srcport++;
    } else if (how == 1) {
        step->change.dstport++;
    } else if (how == 2) {
        step->change.ttl--;
    } else if (how == 3) {
        step->change.tos++;
    } else {
        step->has_time = false;
        step->time_ns = 0;
    }
}
#define WAYS (1 + 11 + 10 + 8 + 5)

static void make_way(struct step steps[STEPS], unsigned how)
{
    for (unsigned i = 0; i < STEPS; i++)
        steps[i] = (struct step){
            .table = BYTES("filter"),
            .chain = BYTES("INPUT"),
            .type = STEP_RULE,
            .rulenum = i + 1,
            .rule = BYTES("-A INPUT -p udp -j DROP"),
            .target = BYTES("DROP"),
            .comment = BYTES("ud"),
            .ruleset = 3,
            .has_time = true,
            .context = {.has_hook = true,
                        .hook = HOOK_INPUT,
                        .has_mark = true,
                        .mark = 7,
                        .has_uid = true,
                        .uid = 1000,
                        .has_gid = true,
                        .gid = 100,
                        .in = BYTES("eth0"),
                        .out = BYTES("eth1"),
                        .physin = BYTES("port0"),
                        .physout = BYTES("port1")},
            .change = {.src = BYTES("\x0a\0\0\x02"),
                        .dst = BYTES("\x0a\0\0\x01"),
                        .has_srcport = true,
                        .srcport = 1024,
                        .has_dstport = true,
                        .dstport = 53,
                        .has_ttl = true,
                        .ttl = 63,
                        .has_tos = true,
                        .tos = 4,
                        .has_length = true,
                        .length = 60             },
        };
    differ(&steps[1], how);
}

static void write_record(struct wire_writer *out, struct path_writer *writer, const struct step *steps)
{
    const struct path path = {.packet_id = 7, .verdict = VERDICT_DROP, .decided = STEPS, .steps = STEPS};
    out->length = 0;
    path_record_write(out, writer, &path, steps, STEPS);
}

/* A writer that has a history writes the bytes of one that has none, whatever came before. */
static void test_what_was_written_before_makes_no_difference(void **state)
{
    (void)state;
    struct unit_random random = {3};
    struct path_writer *writer = calloc(1, sizeof *writer);
    struct wire_writer out = {0}, expected = {0};
    for (unsigned round = 0; round < 20000; round++) {
        struct step steps[STEPS];
        make_way(steps, round % 8 < 6 ? 0 : unit_random_below(&random, WAYS));
        int64_t time_ns = -5;
        for (unsigned i = 0; i < STEPS; i++) {
            time_ns += unit_random_below(&random, 4) == 0 ? 100000 : unit_random_below(&random, 3);
            steps[i].time_ns = steps[i].has_time ? time_ns : 0;
        }
        struct path_writer *fresh = calloc(1, sizeof *fresh);
        write_record(&out, writer, steps);
        write_record(&expected, fresh, steps);
        unit_assert_bytes(unit_written(&out), unit_written(&expected));
        path_writer_done(fresh);
        free(fresh);
    }
    wire_writer_done(&out);
    wire_writer_done(&expected);
    path_writer_done(writer);
    free(writer);
}

/* Kept at the second time, found at the third; the strings may be gone by then. */
static void test_a_way_is_found_by_its_content(void **state)
{
    (void)state;
    struct path_writer *writer = calloc(1, sizeof *writer);
    struct wire_writer out = {0};
    struct cached_path *keep;
    struct step steps[STEPS];
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *text = unit_copy(BYTES("-A INPUT -p udp -j DROP"));
        make_way(steps, 0);
        steps[2].rule.data = text;
        assert_null(path_cache_find(&(struct path_cache){0}, steps, 0, &keep));
        write_record(&out, writer, steps);
        free(text);
    }
    make_way(steps, 0);
    assert_non_null(path_cache_find(&writer->cache, steps, STEPS, &keep));
    assert_null(keep);
    for (unsigned how = 1; how < WAYS; how++) {
        make_way(steps, how);
        assert_null(path_cache_find(&writer->cache, steps, STEPS, &keep));
    }
    assert_null(path_cache_find(&writer->cache, steps, PATH_CACHE_STEPS + 1, &keep));
    wire_writer_done(&out);
    path_writer_done(writer);
    free(writer);
}

static void test_long_texts_are_not_kept(void **state)
{
    (void)state;
    static uint8_t text[PATH_CACHE_BYTES];
    struct path_writer *writer = calloc(1, sizeof *writer);
    struct wire_writer out = {0};
    struct cached_path *keep;
    struct step steps[STEPS];
    make_way(steps, 0);
    steps[0].rule = (struct bytes){text, sizeof text};
    for (unsigned i = 0; i < 3; i++)
        write_record(&out, writer, steps);
    assert_null(path_cache_find(&writer->cache, steps, STEPS, &keep));
    wire_writer_done(&out);
    path_writer_done(writer);
    free(writer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_before_makes_no_difference),
        cmocka_unit_test(test_a_way_is_found_by_its_content),
        cmocka_unit_test(test_long_texts_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
