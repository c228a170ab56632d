/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a recording changes in the kernel: opened, kept in place and put back. */
#include "recorder/legacy/kernel/kernel.h"

#include "recorder/legacy/kernel/family_choice.h"
#include "recorder/legacy/kernel/kernel_family.h"
#include "recorder/legacy/kernel/limit_choice.h"
#include "recorder/legacy/kernel/undo_state.h"
#include "recorder/legacy/kernel/upkeep.h"
#include "recorder/report/report.h"
#include "recorder/system/nftables.h"
#include "recorder/system/privileges.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ---- Opening ---- */

/* In the own namespace, which has no name, nobody needs the capability to enter one. */
static int fd_to_enter(const struct netns *netns)
{
    return *netns->name ? netns->fd : -1;
}

static int open_agents(struct kernel *kernel, struct error *error)
{
    const struct {
        enum ip_family family;
        bool wanted;
    } families[] = {
        {FAMILY_IPV4, kernel->options->ipv4},
        {FAMILY_IPV6, kernel->options->ipv6}
    };
    int result = 0;
    for (size_t i = 0; result == 0 && i < G_N_ELEMENTS(families); i++) {
        struct family *family = &kernel->families[kernel->count];
        if (!families[i].wanted)
            continue;
        family->family = families[i].family;
        result = agent_open(&family->agent, family->family, fd_to_enter(kernel->netns), error);
        kernel->count += result == 0;
    }
    return result;
}

static void begin_order(struct kernel *kernel)
{
    unsigned versions[G_N_ELEMENTS(kernel->families)];
    for (size_t i = 0; i < kernel->count; i++)
        versions[i] = family_version(&kernel->families[i]);
    kernel_state_init(&kernel->order, versions, kernel->count, !kernel->options->no_install);
}

int kernel_open(struct kernel **ret_kernel, const struct options *options, const struct netns *netns,
                const char *place, struct error *error)
{
    struct kernel *kernel = g_new0(struct kernel, 1);
    kernel->options = options;
    kernel->netns = netns;
    kernel->place = place;
    int result = open_agents(kernel, error);
    begin_order(kernel);
    if (result == 0)
        result = guard_open(&kernel->guard, &undo_state_task, fd_to_enter(netns), error);
    if (result < 0) {
        kernel_close(kernel, NULL, NULL);
        return result;
    }
    *ret_kernel = kernel;
    return 0;
}

void kernel_assume_lock(struct kernel *kernel)
{
    kernel->lock_held = true;
    for (size_t i = 0; i < kernel->count; i++)
        agent_assume_lock(kernel->families[i].agent, true);
}

/* ---- Which families ---- */

bool kernel_sees_nftables(const struct kernel *kernel)
{
    bool has_nft = false;
    struct error error;
    if (nftables_has_rules(kernel->netns->fd, &has_nft, &error) < 0)
        report_detail_about(kernel->place, "%s", error.text);
    return has_nft;
}

static int look_for_rules(struct family *family, struct family_found *ret_found, struct error *error)
{
    struct ruleset_state *state = &family->state;
    int result = agent_state(family->agent, false, QUICK_MS, state, error);
    if (result == 0 && !family_is_large(state))
        result = agent_state(family->agent, true, QUICK_MS, state, error);
    if (result == 0)
        *ret_found = (struct family_found){
            .version = family_version(family),
            .has_rules = family_is_large(state) || family_has_rules(state),
        };
    return result;
}

static int leave_out(struct kernel *kernel, size_t i, struct error *error)
{
    struct family *family = &kernel->families[i];
    report_detail_about(kernel->place, "%s has no legacy rules and is left out; -%u records it anyway",
                        family_name(family), family_version(family));
    int result = agent_close(family->agent, QUICK_MS, NULL, error);
    family->agent = NULL;
    kernel->count--;
    memmove(family, family + 1, (kernel->count - i) * sizeof *family);
    begin_order(kernel);
    return result;
}

int kernel_choose_families(struct kernel *kernel, struct error *error)
{
    const struct options *options = kernel->options;
    struct family_found found[G_N_ELEMENTS(kernel->families)];
    bool recorded[G_N_ELEMENTS(kernel->families)];
    int result = 0;
    for (size_t i = 0; result == 0 && i < kernel->count; i++)
        result = look_for_rules(&kernel->families[i], &found[i], error);
    if (result < 0)
        return result;
    bool has_nft = family_choice_asks_nftables(options, found, kernel->count) && kernel_sees_nftables(kernel);
    result = family_choice_make(options, found, kernel->count, has_nft, recorded, error);
    for (size_t i = kernel->count; result == 0 && i-- > 0;)
        if (!recorded[i])
            result = leave_out(kernel, i, error);
    return result;
}

/* ---- Running ---- */

int kernel_tick(struct kernel *kernel, struct pipeline *pipeline, struct monotonic now, struct error *error)
{
    return kernel_state_must_look(&kernel->order, now) ? upkeep_look(kernel, pipeline, now, error) : 0;
}

void kernel_watch(struct kernel *kernel, struct watch *watch)
{
    kernel->watch = watch;
    for (size_t i = 0; i < kernel->count; i++)
        watch_add(watch, kernel->families[i].agent, &kernel->families[i].state, kernel->families[i].read,
                  kernel->families[i].reads_later);
    watch_forgive(watch, kernel_own_locks(kernel));
}

unsigned kernel_own_locks(const struct kernel *kernel)
{
    unsigned own_locks = 0;
    for (size_t i = 0; i < kernel->count; i++)
        own_locks += kernel->families[i].upkeep.installed > 0;
    return own_locks;
}

/* ---- Putting back ---- */

static int remove_rules(struct family *family, struct error *error)
{
    struct trace_report report = {0};
    int result = agent_remove(family->agent, QUICK_MS, &report, error);
    family->matched = report.matched;
    family->traced = report.traced;
    return result;
}

/* `own`: the namespace that this process is in. Only as long as it has not given up its privileges. */
static int enter(const struct kernel *kernel, struct netns *own)
{
    if (!privileges_suffice_for_rules() || netns_open_own(own, NULL) < 0)
        return -EPERM;
    int result = netns_equal(own, kernel->netns) ? 0 : netns_enter(kernel->netns, NULL);
    if (result < 0)
        netns_done(own);
    return result;
}

static void leave(const struct kernel *kernel, struct netns *own)
{
    if (!netns_equal(own, kernel->netns))
        netns_enter(own, NULL);
    netns_done(own);
}

static int do_step(struct kernel *kernel, struct netns *own, struct error *error)
{
    const struct kernel_state *order = &kernel->order;
    struct family *family = &kernel->families[order->family];
    switch (order->step) {
    case KERNEL_REMOVE:
        return remove_rules(family, error);
    case KERNEL_CLOSE:
        return agent_close(family->agent, QUICK_MS, NULL, error);
    case KERNEL_GUARD:
        return guard_close(kernel->guard, QUICK_MS, error);
    case KERNEL_ENTER:
        return enter(kernel, own);
    case KERNEL_UNDO:
        return undo_state_family(&kernel->state, order->family,
                                 kernel->lock_held ? XTABLES_LOCK_HELD : XTABLES_LOCK_BOUNDED, NULL);
    case KERNEL_FORGET:
        return state_remove(&kernel->state, NULL);
    case KERNEL_LEAVE:
        leave(kernel, own);
        return 0;
    default:
        return 0;
    }
}

/* Those of the end; returns the first error of agents and guard. */
static int do_steps(struct kernel *kernel, enum kernel_step last, struct error *error)
{
    struct kernel_state *order = &kernel->order;
    struct netns own;
    while (order->step > KERNEL_RUNNING && order->step < last)
        kernel_state_take(order, do_step(kernel, &own, order->result < 0 ? NULL : error));
    return order->result;
}

int kernel_stop_tracing(struct kernel *kernel, struct error *error)
{
    kernel_state_stop(&kernel->order);
    return do_steps(kernel, KERNEL_STOPPED, error);
}

void kernel_tell_limit(const struct kernel *kernel, struct pipeline *pipeline)
{
    uint64_t matched = 0, traced = 0;
    const char *limit = NULL;
    for (size_t i = 0; i < kernel->count; i++) {
        const struct family *family = &kernel->families[i];
        if (!family->limit[0])
            continue;
        limit = family->limit;
        matched += family->matched;
        traced += family->traced;
    }
    if (!limit)
        return;
    char numbers[2][24];
    snprintf(numbers[0], sizeof numbers[0], "%" PRIu64, matched);
    snprintf(numbers[1], sizeof numbers[1], "%" PRIu64, traced);
    g_autofree char *sentence = limit_describe_end(matched, traced, limit);
    const struct journal_field fields[] = {
        {"IPTRACE_MATCHED", numbers[0]},
        {"IPTRACE_TRACED",  numbers[1]},
        {"IPTRACE_LIMIT",   limit     },
    };
    report_note_about(kernel->place, "%s", sentence);
    pipeline_add_journal_fields(pipeline, traced < matched ? JOURNAL_WARNING : JOURNAL_INFO, "limit",
                                sentence, fields, G_N_ELEMENTS(fields));
}

int kernel_close(struct kernel *kernel, struct error *ret_left, struct error *error)
{
    if (ret_left)
        ret_left->text[0] = '\0';
    if (!kernel)
        return 0;
    kernel_state_close(&kernel->order);
    int result = do_steps(kernel, KERNEL_CLOSED, error);
    if (ret_left)
        kernel_state_tell_left(&kernel->order, kernel->netns->name ? kernel->netns->name : "", ret_left);
    for (size_t i = 0; i < kernel->count; i++)
        agent_inbox_done(&kernel->families[i].inbox);
    g_free(kernel);
    return result;
}
