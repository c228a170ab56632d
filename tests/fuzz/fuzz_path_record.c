/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A path record: what was read is written again, and then reads the same. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "format/envelope.h"
#include "format/path_record.h"

#define STEPS_MAX 64

/* Rule lines that a reader puts together, all of one input: the reader's own bound is checked, too. */
static uint8_t lines[3 * FORMAT_LINES_MAX];
static size_t lines_used;

static void *allocate(void *user, size_t size)
{
    (void)user;
    if (size > sizeof lines - lines_used)
        abort();
    lines_used += size;
    return lines + lines_used - size;
}

static size_t read_all(struct path_reader *reader, struct bytes body, struct path *path, struct step *steps)
{
    struct step step = {0};
    size_t count = 0;
    if (!path_reader_begin(reader, body, allocate, NULL, path))
        return 0;
    while (path_reader_next(reader, &step, NULL)) {
        char line[256];
        step_format(&step, line, sizeof line);
        if (count < STEPS_MAX)
            steps[count++] = step;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct path_reader reader, again;
    struct step steps[STEPS_MAX], steps_again[STEPS_MAX];
    struct path path, path_again;
    lines_used = 0;
    size_t count = read_all(&reader, (struct bytes){data, size}, &path, steps);
    if (reader.reader.bad || count == 0)
        return 0;

    struct wire_writer out = {0};
    struct path_writer writer = {0};
    unsigned version, kind;
    struct bytes body;
    path.decided = path.decided <= count ? path.decided : 0;
    path_record_write(&out, &writer, &path, steps, count);
    if (envelope_open((struct bytes){out.data, out.length}, &version, &kind, &body) != ENVELOPE_OK ||
        kind != ENVELOPE_PATH || out.length > PCAPNG_OPTION_MAX - 4)
        abort();
    size_t count_again = read_all(&again, body, &path_again, steps_again);
    if (again.reader.bad || path_again.verdict != path.verdict || path_again.packet_id != path.packet_id ||
        count_again > count)
        abort();
    for (size_t i = 0; i + 1 < count_again; i++)
        if (steps[i].rulenum != steps_again[i].rulenum || steps[i].time_ns != steps_again[i].time_ns ||
            !bytes_equal(bytes_cut(steps[i].rule, STEP_RULE_MAX), steps_again[i].rule))
            abort();
    path_writer_done(&writer);
    wire_writer_done(&out);
    return 0;
}
