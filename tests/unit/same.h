/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Whether two events, paths or packet blocks are the same, field by field; and copies of events to compare with later. */
#ifndef IPTRACE_TESTS_SAME_H
#define IPTRACE_TESTS_SAME_H

#include "format/path_record.h"
#include "recorder/core/finished_path.h"
#include "recorder/legacy/walk/event.h"
#include "tests/unit/trace_build.h"

struct kept_event {
    struct event event; /* `event.step` is null or `&step` */
    struct step_copy step;
};

struct kept_event *same_keep_event(GPtrArray *memory, const struct event *event);
void same_assert_events(const struct event *got, const struct event *expected);
uint32_t same_get32(const uint8_t *at);
void same_assert_packet_block(struct bytes block, const struct finished_path *finished,
                              const struct path *path, uint64_t lost);

#endif
