/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts back what killed recorders left behind. */
#include "recorder/restore/leftovers.h"

#include "recorder/core/cleanup.h"
#include "recorder/legacy/agent/trace_install.h"
#include "recorder/legacy/agent/undo.h"
#include "recorder/legacy/nflog/group_holder.h"
#include "recorder/report/report.h"
#include "recorder/restore/state.h"
#include "recorder/restore/state_tag.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct pass {
    const struct netns *netns;
    bool group_is_free; /* no recorder can live in this namespace but us */
    leftovers_said_fn *said;
    void *user;
    int result; /* the first failure */
    struct error *error;
};

static void say(struct pass *pass, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct pass *pass, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *sentence = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *whole = pass->netns->name && pass->netns->name[0]
                                 ? g_strdup_printf("network namespace '%s': %s", pass->netns->name, sentence)
                                 : g_steal_pointer(&sentence);
    pass->said(pass->user, whole);
}

static void fail(struct pass *pass, int result, const struct error *error)
{
    if (pass->result < 0)
        return;
    pass->result = result;
    if (pass->error)
        *pass->error = *error;
}

/* ---- Rules ---- */

static bool is_left(const struct pass *pass, const char *tag)
{
    enum life life = state_tag_life(tag);
    return life == LIFE_DEAD || (life == LIFE_UNKNOWN && pass->group_is_free);
}

static void remove_tag(struct pass *pass, enum ip_family family, const char *tag)
{
    struct undo_report report = {0};
    struct error error;
    if (!is_left(pass, tag)) {
        say(pass, "left the %s TRACE rules of process %ld alone: it is recording", ip_family_name(family),
            state_tag_pid(tag));
        return;
    }
    int result = ruleset_undo(family, tag, NULL, XTABLES_LOCK_BOUNDED, &report, &error);
    if (result < 0)
        fail(pass, result, &error);
    else if (report.rules_removed > 0)
        say(pass, "removed %u %s TRACE rules that a killed recorder, process %ld, had left behind",
            report.rules_removed, ip_family_name(family), state_tag_pid(tag));
}

static void remove_rules(struct pass *pass, enum ip_family family)
{
    g_autofree struct own_rule *own = NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct error error;
    size_t count = 0;
    int result = trace_list(family, &own, &count, &error);
    if (result < 0)
        fail(pass, result, &error);
    for (size_t i = 0; result == 0 && i < count; i++)
        if (g_hash_table_add(seen, own[i].tag))
            remove_tag(pass, family, own[i].tag);
}

/* ---- Loggers, and the state file ---- */

static void restore_loggers(struct pass *pass, const struct state *state)
{
    for (size_t i = 0; i < state->family_count; i++) {
        const struct state_family *family = &state->families[i];
        struct error error;
        bool restored = false;
        if (!family->former_logger[0])
            continue;
        int result = logger_restore(family->family, family->former_logger, &restored, &error);
        if (result < 0)
            fail(pass, result, &error);
        else if (restored)
            say(pass, "restored the %s logger to %s, which a killed recorder, process %ld, had changed",
                ip_family_name(family->family), family->former_logger, state_tag_pid(state->tag));
    }
}

static void forget(struct pass *pass, const struct state *state)
{
    struct error error;
    int result = state_remove(state, &error);
    if (result < 0)
        fail(pass, result, &error);
    else
        say(pass, "removed the state file of a killed recorder, process %ld", state_tag_pid(state->tag));
}

static bool is_of(const struct state *state, const struct netns *netns)
{
    return state->device == netns->device && state->inode == netns->inode;
}

static void settle_states(struct pass *pass)
{
    g_autoptr(GArray) states = state_list();
    for (guint i = 0; i < states->len; i++) {
        const struct state *state = &g_array_index(states, struct state, i);
        if (!is_of(state, pass->netns) || !is_left(pass, state->tag))
            continue;
        if (state_tag_is_of_this_boot(state->tag))
            restore_loggers(pass, state);
        if (pass->result == 0)
            forget(pass, state);
    }
}

/* ---- One namespace ---- */

int leftovers_remove(const struct netns *netns, bool group_is_ours, leftovers_said_fn *said, void *user,
                     struct error *error)
{
    struct group_holder holder;
    struct netns own;
    int result = netns_open_own(&own, error);
    if (result < 0)
        return result;
    result = netns_equal(&own, netns) ? 0 : netns_enter(netns, error);
    if (result == 0) {
        struct pass pass = {.netns = netns, .said = said, .user = user, .error = error};
        pass.group_is_free = group_is_ours || !group_holder_find(0, &holder);
        for (unsigned i = 0; i < FAMILY_COUNT; i++)
            remove_rules(&pass, ip_family_at(i));
        settle_states(&pass);
        int back = netns_equal(&own, netns) ? 0 : netns_enter(&own, pass.result < 0 ? NULL : error);
        result = pass.result < 0 ? pass.result : back;
    }
    netns_done(&own);
    return result;
}

/* ---- --cleanup ---- */

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
    return leftovers_remove(netns, false, report, run, error);
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

int leftovers_run(const struct options *options, struct error *error)
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
