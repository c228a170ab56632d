/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* --cleanup: every backend, in every namespace where a recorder may have been killed. */
#include "recorder/record/cleanup.h"

#include "recorder/core/ownership.h"
#include "recorder/record/backends.h"
#include "recorder/report/report.h"
#include "recorder/restore/state.h"
#include "recorder/restore/state_tag.h"

#include <errno.h>

struct run {
    GArray *done; /* struct netns, without descriptors: those seen */
    unsigned said;
};

static void report(void *user, const char *sentence)
{
    ((struct run *)user)->said++;
    report_note("%s", sentence);
}

static int clean_once(struct run *run, const struct netns *netns, struct error *error)
{
    for (guint i = 0; i < run->done->len; i++)
        if (netns_equal(&g_array_index(run->done, struct netns, i), netns))
            return 0;
    struct netns seen = {.fd = -1, .device = netns->device, .inode = netns->inode};
    g_array_append_val(run->done, seen);
    int first = 0;
    for (size_t i = 0; live_backends[i]; i++) {
        int result = live_backends[i]->clean
                         ? live_backends[i]->clean(netns, report, run, first < 0 ? NULL : error)
                         : 0;
        first = first < 0 ? first : result;
    }
    return first;
}

static int clean_named(struct run *run, const struct options *options, struct error *error)
{
    struct netns netns;
    int result = 0;
    for (guint i = 0; result == 0 && i + 1 < options->namespaces->len; i++) {
        result = netns_open(&netns, g_ptr_array_index(options->namespaces, i), error);
        if (result == 0) {
            result = clean_once(run, &netns, error);
            netns_done(&netns);
        }
    }
    if (options->namespaces->len > 1)
        return result;
    result = netns_open_own(&netns, error);
    if (result == 0) {
        result = clean_once(run, &netns, error);
        netns_done(&netns);
    }
    return result;
}

static int clean_state(struct run *run, struct state *state, struct error *error)
{
    CLEANUP_CLOSE int fd = -1;
    if (state_tag_life(state->tag) == LIFE_ALIVE)
        return 0;
    fd = state_tag_is_of_this_boot(state->tag) ? state_open_netns(state) : -ENOENT;
    if (fd >= 0) {
        const struct netns netns = {.fd = fd,
                                    .name = state->path[0] ? state->path : (char *)"",
                                    .device = state->device,
                                    .inode = state->inode};
        return clean_once(run, &netns, error);
    }
    int result = state_remove(state, error);
    if (result == 0) {
        run->said++;
        report_note(
            "removed the state file of a killed recorder, process %ld, whose network namespace is gone",
            state_tag_pid(state->tag));
    }
    return result;
}

int cleanup_run(const struct options *options, struct error *error)
{
    g_autoptr(GArray) done = g_array_new(FALSE, FALSE, sizeof(struct netns));
    struct run run = {.done = done};
    int result = clean_named(&run, options, error);
    g_autoptr(GArray) states = state_list();
    for (guint i = 0; i < states->len; i++) {
        int next = clean_state(&run, &g_array_index(states, struct state, i), result < 0 ? NULL : error);
        result = result < 0 ? result : next;
    }
    if (result == 0 && run.said == 0)
        report_note("there is nothing to clean up: no recorder has left anything behind");
    return result;
}
