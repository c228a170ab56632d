/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* In which order a recording changes the kernel and puts it back. */
#include "recorder/legacy/kernel/kernel_state.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>

/* The last step of those that are done for one family after the other, and the first of them. */
static const enum kernel_step first_of_family[KERNEL_CLOSED + 1] = {
    [KERNEL_READ] = KERNEL_READ,     [KERNEL_TABLES] = KERNEL_LOGGER, [KERNEL_BIND] = KERNEL_BIND,
    [KERNEL_REMOVE] = KERNEL_REMOVE, [KERNEL_CLOSE] = KERNEL_CLOSE,   [KERNEL_UNDO] = KERNEL_UNDO,
};

void kernel_state_init(struct kernel_state *state, const unsigned *versions, size_t count, bool installs)
{
    assert(count <= G_N_ELEMENTS(state->families));
    *state = (struct kernel_state){.count = count, .installs = installs};
    for (size_t i = 0; i < count; i++)
        state->families[i].version = versions[i];
}

/* ---- The order ---- */

static bool is_any_left(const struct kernel_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        if (state->families[i].is_left)
            return true;
    return false;
}

static bool has_to_be_done(const struct kernel_state *state)
{
    const struct kernel_changes *changes = &state->families[state->family];
    switch (state->step) {
    case KERNEL_RULES:
        return state->installs;
    case KERNEL_REMOVE:
        return changes->rules;
    case KERNEL_CLOSE:
        return state->count > 0;
    case KERNEL_ENTER:
        return state->guard_is_dead;
    case KERNEL_UNDO:
        return state->has_entered && changes->is_left;
    case KERNEL_FORGET:
        return state->has_entered && !is_any_left(state);
    case KERNEL_LEAVE:
        return state->has_entered;
    default:
        return true;
    }
}

static void go_on(struct kernel_state *state)
{
    do {
        assert(state->step < KERNEL_CLOSED); /* which always has to be */
        enum kernel_step first = first_of_family[state->step];
        if (first != 0 && state->family + 1 < state->count) {
            state->step = first;
            state->family++;
        } else {
            state->family = first != 0 ? 0 : state->family;
            state->step++;
        }
    } while (!has_to_be_done(state));
}

static void begin_end(struct kernel_state *state, enum kernel_step after)
{
    state->step = after;
    state->family = 0;
    state->result = 0;
    go_on(state);
}

void kernel_state_stop(struct kernel_state *state)
{
    if (state->step == KERNEL_RUNNING)
        begin_end(state, KERNEL_RUNNING);
}

void kernel_state_close(struct kernel_state *state)
{
    begin_end(state, KERNEL_STOPPED);
}

/* ---- What came of a step ---- */

/* Of a helper that was killed; one that only takes long goes on by itself. */
static bool is_dead(int result)
{
    return result < 0 && result != -ETIMEDOUT && result != -EINTR;
}

static void note(struct kernel_state *state, int result)
{
    struct kernel_changes *changes = &state->families[state->family];
    switch (state->step) {
    case KERNEL_LOGGER:
        changes->logger = true;
        return;
    case KERNEL_RULES:
        changes->rules = true;
        return;
    case KERNEL_REMOVE:
        changes->rules = result < 0;
        return;
    case KERNEL_CLOSE:
        changes->is_left = (changes->logger || changes->rules) && is_dead(result);
        if (result == 0)
            changes->logger = changes->rules = false;
        return;
    case KERNEL_GUARD:
        state->guard_is_dead = is_dead(result);
        return;
    case KERNEL_ENTER:
        state->has_entered = result == 0;
        return;
    case KERNEL_UNDO:
        changes->is_left = changes->logger = changes->rules = result < 0;
        return;
    default:
        return;
    }
}

/* What this process then does in their place is no part of what agents and guard have to answer for. */
static bool is_answered_for(enum kernel_step step)
{
    return step == KERNEL_REMOVE || step == KERNEL_CLOSE || step == KERNEL_GUARD;
}

void kernel_state_take(struct kernel_state *state, int result)
{
    assert(state->step != KERNEL_RUNNING && state->step != KERNEL_STOPPED && state->step != KERNEL_CLOSED);
    note(state, result);
    if (result < 0 && state->step < KERNEL_RUNNING)
        return;
    if (is_answered_for(state->step) && state->result == 0)
        state->result = result;
    go_on(state);
}

bool kernel_state_must_look(struct kernel_state *state, struct monotonic now)
{
    if (state->step != KERNEL_RUNNING || monotonic_since(now, state->looked) < KERNEL_LOOK_NS)
        return false;
    state->looked = now;
    return true;
}

void kernel_state_tell_left(const struct kernel_state *state, const char *netns, struct error *ret_left)
{
    g_autoptr(GString) families = g_string_new(NULL);
    for (size_t i = 0; state->guard_is_dead && i < state->count; i++)
        if (state->families[i].is_left)
            g_string_append_printf(families, "%sIPv%u", families->len > 0 ? " and " : "",
                                   state->families[i].version);
    ret_left->text[0] = '\0';
    if (families->len > 0)
        error_set(ret_left, 0,
                  "the %s %s left behind, because every process that could restore them was killed: run "
                  "iptrace-record --cleanup%s%s to clean up",
                  families->str, state->installs ? "TRACE rules and loggers are" : "loggers are",
                  netns[0] ? " -n " : "", netns);
}
