/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "format/path_record.h"

#define STEPS 4

/* What two ways may differ in, one thing at a time; 0 is the way itself. */
static void differ(struct step *step, unsigned how)
{
    switch (how) {
    case 1:
        step->rule = BYTES("-A INPUT -p tcp -j DROP");
        break;
    case 2:
        step->chain = BYTES("FNPUT");
        break;
    case 3:
        step->table = BYTES("mangle");
        break;
    case 4:
        step->target = BYTES("DOOR");
        break;
    case 5:
        step->comment = BYTES("eb");
        break;
    case 6:
        step->rulenum++;
        break;
    case 7:
        step->ruleset++;
        break;
    case 8:
        step->stale = true;
        break;
    case 9:
        step->has_time = false;
        step->time_ns = 0;
        break;
    case 10:
        step->context.in = BYTES("eth1");
        break;
    case 11:
        step->context.mark++;
        break;
    case 12:
        step->context.has_uid = true;
        break;
    case 13:
        step->change.dst = BYTES("\x0a\0\0\x02");
        break;
    case 14:
        step->change.ttl--;
        break;
    case 15:
        step->type = STEP_UNKNOWN;
        break;
    }
}
#define WAYS 16

static void make_way(struct step steps[STEPS], unsigned how)
{
    for (unsigned i = 0; i < STEPS; i++)
        steps[i] = (struct step){
            .table = BYTES("filter"),
            .chain = BYTES("INPUT"),
            .rulenum = i + 1,
            .rule = BYTES("-A INPUT -p udp -j DROP"),
            .target = BYTES("DROP"),
            .comment = BYTES("ud"),
            .ruleset = 3,
            .has_time = true,
            .context = {.has_hook = true,             .has_mark = true, .in = BYTES("eth0")},
            .change = {.dst = BYTES("\x0a\0\0\x01"), .has_ttl = true,  .ttl = 63          },
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
