/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts back what a recording's state describes. */
#include "recorder/legacy/kernel/undo_state.h"

#include "recorder/legacy/agent/undo.h"

int undo_state_family(const struct state *state, size_t i, enum xtables_lock_wait wait, struct error *error)
{
    const struct state_family *family = &state->families[i];
    const char *former = family->former_logger[0] ? family->former_logger : NULL;
    return ruleset_undo(family->family, state->tag, former, wait, NULL, error);
}

static int undo_all(const struct state *state, struct error *error)
{
    int first = 0;
    for (size_t i = 0; i < state->family_count; i++) {
        int result = undo_state_family(state, i, XTABLES_LOCK_FOREVER, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
    }
    return first;
}

const struct guard_task undo_state_task = {.undo = undo_all, .lock = XTABLES_LOCK_FILE};
