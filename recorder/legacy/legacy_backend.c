/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Legacy iptables in one network namespace, live. */
#include "recorder/legacy/legacy_backend.h"

#include <errno.h>

#include "recorder/core/ownership.h"
#include "recorder/legacy/agent/xtables_lock.h"
#include "recorder/legacy/kernel/kernel_start.h"
#include "recorder/legacy/kernel/leftovers.h"
#include "recorder/legacy/nflog/nflog_source.h"
#include "recorder/report/report.h"
#include "recorder/system/clock.h"

#define MS      1000000ull
#define TICK_NS (10 * MS)

struct legacy {
    struct backend backend;
    struct backend_site site;
    struct kernel *kernel;
    struct pipeline pipeline;
    struct watch *watch;
    struct source *source;
    struct monotonic ticked;
    struct monotonic wake; /* when the assembler wants to be called */
};

static struct legacy *legacy_of(struct backend *backend)
{
    return (struct legacy *)backend;
}

static const struct legacy *legacy_of_const(const struct backend *backend)
{
    return (const struct legacy *)backend;
}

static int legacy_clean(const struct netns *netns, backend_said_fn *said, void *user, struct error *error)
{
    return leftovers_remove(netns, false, said, user, error);
}

/* ---- Start ---- */

static int legacy_open(struct backend **ret_backend, const struct backend_site *site, struct error *error)
{
    struct legacy *legacy = g_new0(struct legacy, 1);
    legacy->backend.ops = &legacy_backend_ops;
    legacy->site = *site;
    legacy->wake = MONOTONIC_NEVER;
    *ret_backend = &legacy->backend;
    int result = kernel_open(&legacy->kernel, site->options, site->netns, site->label, error);
    if (result == 0)
        result = kernel_choose_families(legacy->kernel, error);
    return result;
}

/* Nobody's iptables-legacy can change a rule until we let go. */
static int legacy_hold(struct backend *backend, int *fd, struct error *error)
{
    if (*fd < 0) {
        int result = xtables_lock_take(XTABLES_LOCK_BOUNDED, fd, error);
        if (result < 0)
            return result;
        if (*fd < 0)
            return error_set(error, EACCES, "--lock: %s cannot be opened here", XTABLES_LOCK_FILE);
    }
    kernel_assume_lock(legacy_of(backend)->kernel);
    return 0;
}

static int open_source(struct legacy *legacy, struct error *error)
{
    const struct options *options = legacy->site.options;
    const struct nflog_options nflog = {
        .copy_range = options->snapshot_length,
        .buffer_size = options->buffer_mib << 20,
        .netns = legacy->site.label,
    };
    int result = nflog_source_open(&legacy->source, &nflog, error);
    if (result < 0)
        return result;
    uint32_t granted = nflog_source_buffer(legacy->source);
    if (granted < nflog.buffer_size)
        report_note_about(
            legacy->site.label,
            "the socket's receive buffer is %u KiB, not the %u MiB requested: net.core.rmem_max is lower",
            granted >> 10, options->buffer_mib);
    return 0;
}

/* A container's iptables locks a file of its own. */
static void watch_lock_of_process(struct legacy *legacy)
{
    pid_t pid = netns_process(legacy->site.netns);
    if (pid == 0)
        return;
    g_autofree char *path = g_strdup_printf("/proc/%ld/root" XTABLES_LOCK_FILE, (long)pid);
    watch_add_lock(legacy->watch, path);
}

static int legacy_start(struct backend *backend, const char *tag, uint64_t confirm_wait_ns, GString *notes,
                        struct error *error)
{
    struct legacy *legacy = legacy_of(backend);
    const struct backend_site *site = &legacy->site;
    pipeline_init(&legacy->pipeline, site->sink, site->witnesses, site->label ? site->label : "", false,
                  confirm_wait_ns);
    int result = watch_open(&legacy->watch, &legacy->pipeline, site->label, error);
    if (result < 0)
        return result;
    watch_lock_of_process(legacy);
    struct netns_visit visit;
    result = netns_visit_begin(&visit, site->netns, error);
    if (result == 0)
        result = netns_visit_end(&visit, open_source(legacy, error), error);
    if (result == 0)
        result = kernel_start(legacy->kernel, &legacy->pipeline, tag, notes, error);
    if (result == 0)
        kernel_watch(legacy->kernel, legacy->watch);
    return result;
}

static void legacy_forgive(struct backend *backend, const struct backend *other)
{
    watch_forgive(legacy_of(backend)->watch, kernel_own_locks(legacy_of_const(other)->kernel));
}

/* ---- Running ---- */

static void legacy_surroundings(struct backend *backend, const struct surroundings *surroundings)
{
    struct rulebook *book = legacy_of(backend)->pipeline.book;
    uint16_t queues[QUEUE_LISTENERS_MAX];
    for (size_t i = 0; i < surroundings->queues.count; i++)
        queues[i] = surroundings->queues.queues[i].queue;
    if (surroundings->knows_queues)
        rulebook_set_queues(book, queues, surroundings->queues.count, surroundings->queues_begun_ns,
                            surroundings->queues_ended_ns);
    /* As long as routing has dropped nothing here, what TPROXY saw last has found no socket. */
    if (surroundings->knows_routing)
        rulebook_set_routing_dropped(book, surroundings->routing_dropped);
}

static int legacy_watch(struct backend *backend, struct error *error)
{
    return watch_turn(legacy_of(backend)->watch, error);
}

static int legacy_turn(struct backend *backend, struct monotonic now, struct error *error)
{
    struct legacy *legacy = legacy_of(backend);
    struct pipeline *pipeline = &legacy->pipeline;
    pipeline->now = now;
    uint64_t begun_ns = clock_realtime_ns(), taken = pipeline->taken;
    int state = legacy->source->ops->drain(legacy->source, &pipeline->sink, error);
    if (state < 0)
        return state;
    if (state == SOURCE_WAIT)
        assembler_drained(pipeline->assembler, begun_ns);
    struct monotonic drained = clock_monotonic();
    if (state == SOURCE_WAIT && monotonic_since(drained, legacy->ticked) >= TICK_NS) {
        legacy->wake = assembler_tick(pipeline->assembler, now);
        legacy->ticked = drained;
    }
    int result = kernel_tick(legacy->kernel, pipeline, drained, error);
    if (result < 0)
        return result;
    return state == SOURCE_MORE ? BACKEND_MORE : pipeline->taken > taken ? BACKEND_TAKEN : BACKEND_WAIT;
}

static struct monotonic legacy_due(const struct backend *backend)
{
    const struct legacy *legacy = legacy_of_const(backend);
    struct monotonic due = watch_due(legacy->watch), next = monotonic_after(legacy->ticked, TICK_NS);
    struct monotonic wake = legacy->wake;
    /* Messages were taken, and no time has passed for their paths yet. */
    if (wake.ns == MONOTONIC_NEVER.ns && monotonic_is_before(legacy->ticked, legacy->pipeline.now))
        wake = next;
    return monotonic_earlier(due, monotonic_later(wake, next));
}

static size_t legacy_fds(const struct backend *backend, struct pollfd *fds)
{
    const struct legacy *legacy = legacy_of_const(backend);
    G_STATIC_ASSERT(1 + WATCH_FDS_MAX <= BACKEND_FDS_MAX);
    fds[0] = (struct pollfd){.fd = legacy->source->ops->fd(legacy->source), .events = POLLIN};
    return 1 + watch_fds(legacy->watch, fds + 1);
}

static bool legacy_is_reading(const struct backend *backend)
{
    return watch_is_reading(legacy_of_const(backend)->watch);
}

static bool legacy_is_sure(struct backend *backend)
{
    struct watch *watch = legacy_of(backend)->watch;
    bool is_sure = watch_is_sure(watch);
    if (!is_sure)
        watch_hurry(watch);
    return is_sure;
}

static void legacy_each_rules(struct backend *backend, bool former, backend_rules_fn *take, void *user)
{
    pipeline_each_rules(&legacy_of(backend)->pipeline, former, take, user);
}

static void legacy_counts(struct backend *backend, struct backend_counts *ret_counts)
{
    struct legacy *legacy = legacy_of(backend);
    *ret_counts = (struct backend_counts){.progress = -1};
    source_add_counts(legacy->source, ret_counts);
    pipeline_add_counts(&legacy->pipeline, ret_counts);
}

/* ---- End ---- */

static int legacy_stop(struct backend *backend, struct error *error)
{
    struct legacy *legacy = legacy_of(backend);
    uint64_t begin_ns = clock_realtime_ns();
    int result = kernel_stop_tracing(legacy->kernel, error);
    watch_note_removal(legacy->watch, (struct interval){begin_ns, clock_realtime_ns()});
    return result;
}

static int legacy_restore(struct backend *backend, struct error *ret_left, struct error *error)
{
    struct legacy *legacy = legacy_of(backend);
    kernel_tell_limit(legacy->kernel, &legacy->pipeline);
    int result = kernel_close(legacy->kernel, ret_left, error);
    legacy->kernel = NULL;
    return result;
}

static int legacy_finish(struct backend *backend, struct error *error)
{
    struct legacy *legacy = legacy_of(backend);
    (void)error;
    assembler_finish(legacy->pipeline.assembler);
    watch_finish(legacy->watch);
    return 0;
}

static void legacy_close(struct backend *backend, struct error *ret_left)
{
    struct legacy *legacy = legacy_of(backend);
    kernel_close(legacy->kernel, ret_left, NULL);
    watch_close(legacy->watch);
    if (legacy->source)
        legacy->source->ops->close(legacy->source);
    pipeline_done(&legacy->pipeline);
    g_free(legacy);
}

const struct backend_ops legacy_backend_ops = {
    .name = "legacy",
    .clean = legacy_clean,
    .open = legacy_open,
    .hold = legacy_hold,
    .start = legacy_start,
    .forgive = legacy_forgive,
    .surroundings = legacy_surroundings,
    .watch = legacy_watch,
    .turn = legacy_turn,
    .due = legacy_due,
    .fds = legacy_fds,
    .is_reading = legacy_is_reading,
    .is_sure = legacy_is_sure,
    .each_rules = legacy_each_rules,
    .counts = legacy_counts,
    .stop = legacy_stop,
    .restore = legacy_restore,
    .finish = legacy_finish,
    .close = legacy_close,
};
