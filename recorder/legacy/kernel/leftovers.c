/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Puts back what killed recorders left behind. */
#include "recorder/legacy/kernel/leftovers.h"

#include "recorder/legacy/agent/logger.h"
#include "recorder/legacy/agent/trace_install.h"
#include "recorder/legacy/agent/undo.h"
#include "recorder/legacy/nflog/group_holder.h"
#include "recorder/restore/state.h"
#include "recorder/restore/state_tag.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

struct pass {
    const struct netns *netns;
    bool group_is_free; /* no recorder can live in this namespace but us */
    backend_said_fn *said;
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

int leftovers_remove(const struct netns *netns, bool group_is_ours, backend_said_fn *said, void *user,
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
