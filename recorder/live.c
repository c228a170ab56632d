/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recording from the kernel: one loop that owns the waiting. */
#include "recorder/live.h"

#include "recorder/core/cleanup.h"
#include "recorder/kernel.h"
#include "recorder/progress.h"
#include "recorder/report.h"
#include "recorder/ruleset/xtables_lock.h"
#include "recorder/state_tag.h"
#include "recorder/system/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#define MS       1000000ull
#define TICK_NS  (10 * MS)
#define DRAIN_NS (100 * MS) /* between taking the rules out and closing the socket */

struct live {
    const struct options *options;
    struct netns netns;
    struct kernel *kernel;
    struct source *source;
    struct pipeline pipeline;
    struct watch *watch;
    int signal_fd;
    int lock_fd; /* --lock */
    uint64_t ticked_ns;
    uint64_t wake_ns; /* when the assembler wants to be called; 0: not */
    bool stop;
};

/* ---- Start ---- */

/* From here on the signals that end a recording are read from a descriptor. */
static int open_signals(struct live *live, struct error *error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    live->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return live->signal_fd < 0 ? error_set(error, errno, "cannot watch for signals: %s", g_strerror(errno))
                               : 0;
}

/* What must be done in the namespace: the socket, and a look at its interfaces. */
static int open_source(struct live *live, GPtrArray *interfaces, struct error *error)
{
    const struct nflog_options options = {
        .copy_range = live->options->snapshot_length,
        .buffer_size = live->options->buffer_mib << 20,
    };
    int result = nflog_source_open(&live->source, &options, error);
    if (result < 0)
        return result;
    uint32_t granted = nflog_source_buffer(live->source);
    if (granted < options.buffer_size)
        report_note(
            "the socket's receive buffer is %u KiB, not the %u MiB asked for: net.core.rmem_max is less",
            granted >> 10, live->options->buffer_mib);

    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *entry = list; entry && entry->if_name; entry++)
        g_ptr_array_add(interfaces, g_strdup(entry->if_name));
    if_freenameindex(list);
    if (interfaces->len == 0)
        g_ptr_array_add(interfaces, g_strdup("lo"));
    g_ptr_array_add(interfaces, NULL);
    return 0;
}

static int open_source_inside(struct live *live, GPtrArray *interfaces, struct error *error)
{
    struct netns own;
    int result = netns_open_own(&own, error);
    if (result < 0)
        return result;
    result = netns_enter(&live->netns, error);
    if (result == 0) {
        result = open_source(live, interfaces, error);
        int back = netns_enter(&own, result < 0 ? NULL : error);
        result = result < 0 ? result : back;
    }
    netns_done(&own);
    return result;
}

static int create_ready_file(const char *path, struct error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(error, errno, "cannot create the ready file %s: %s", path, g_strerror(errno));
    close(fd);
    return 0;
}

/* --lock: nobody's iptables-legacy can change a rule until we let go. */
static int take_lock(struct live *live, struct error *error)
{
    int result = xtables_lock_take(XTABLES_LOCK_BOUNDED, &live->lock_fd, error);
    if (result == 0 && live->lock_fd < 0)
        return error_set(error, EACCES, "--lock: %s cannot be opened here", XTABLES_LOCK_FILE);
    if (result == 0)
        kernel_assume_lock(live->kernel);
    return result;
}

static int start(struct live *live, struct error *error)
{
    const struct options *options = live->options;
    g_autoptr(GPtrArray) interfaces = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autofree char *tag = state_tag_new();

    int result = options->namespaces->len > 1
                     ? netns_open(&live->netns, g_ptr_array_index(options->namespaces, 0), error)
                     : netns_open_own(&live->netns, error);
    if (result == 0)
        result = kernel_open(&live->kernel, options, &live->netns, error);
    if (result == 0 && options->lock)
        result = take_lock(live, error);
    if (result == 0)
        result = pipeline_init(&live->pipeline, options, false, error);
    if (result == 0)
        result = watch_open(&live->watch, &live->pipeline, error);
    if (result == 0)
        result = open_source_inside(live, interfaces, error);
    if (result == 0)
        result = kernel_start(live->kernel, &live->pipeline, tag, notes, error);
    if (result < 0)
        return result;
    kernel_watch(live->kernel, live->watch);
    writer_begin(live->pipeline.writer, (const char *const *)interfaces->pdata,
                 notes->len > 0 ? notes->str : NULL, clock_realtime_ns());
    result = writer_flush(live->pipeline.writer, true, clock_realtime_ns(), error);
    if (result == 0 && options->ready_file)
        result = create_ready_file(options->ready_file, error);
    return result;
}

/* From here on bytes of strangers are read. */
static int give_up_privileges(const struct options *options, struct error *error)
{
    const struct privileges_plan plan = {.opens_files = options->has_ring};
    struct error lacks;
    int result = privileges_drop(&plan, &lacks, error);
    if (result == 0 && lacks.text[0])
        report_note("privileges are given up as far as is possible here: %s", lacks.text);
    return result;
}

/* ---- The loop ---- */

static void read_signals(struct live *live)
{
    struct signalfd_siginfo info;
    while (read(live->signal_fd, &info, sizeof info) == sizeof info)
        live->stop = true;
}

/* Drains the source and lets time pass for the paths. Returns an enum source_state or a negative errno. */
static int turn(struct live *live, struct error *error)
{
    struct pipeline *pipeline = &live->pipeline;
    int watched = watch_turn(live->watch, error);
    if (watched < 0)
        return watched;
    pipeline->now_ns = clock_monotonic_ns();
    int state = live->source->ops->drain(live->source, &pipeline->sink, error);
    if (state < 0)
        return state;
    uint64_t now_ns = clock_monotonic_ns();
    if (state == SOURCE_WAIT && now_ns - live->ticked_ns >= TICK_NS) {
        live->wake_ns = assembler_tick(pipeline->assembler, pipeline->now_ns);
        live->ticked_ns = now_ns;
    }
    int kept = kernel_tick(live->kernel, pipeline, now_ns, error);
    if (kept < 0)
        return kept;
    int result = writer_flush(pipeline->writer, false, clock_realtime_ns(), error);
    if (result < 0)
        return result;
    live->stop = live->stop || writer_is_full(pipeline->writer, clock_realtime_ns());
    progress_show(pipeline->writer, live->source, now_ns);
    return state;
}

static int timeout_ms(const struct live *live)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t wake_ns = now_ns + 200 * MS;
    if (live->wake_ns != 0 || live->pipeline.now_ns > live->ticked_ns)
        wake_ns = MIN(wake_ns, MAX(live->wake_ns, live->ticked_ns + TICK_NS));
    return wake_ns > now_ns ? (int)((wake_ns - now_ns) / MS) + 1 : 0;
}

static void nap(void)
{
    const struct timespec millisecond = {.tv_nsec = MS};
    nanosleep(&millisecond, NULL);
}

/* Places in what poll() waits for. */
enum {
    FD_SOURCE,
    FD_SIGNALS,
    FD_READER, /* of a pipe that we write to: gone or not */
    FD_WATCH,  /* and the following */
};

static int loop(struct live *live, struct error *error)
{
    struct pollfd fds[FD_WATCH + WATCH_FDS_MAX] = {
        [FD_SOURCE] = {.fd = live->source->ops->fd(live->source), .events = POLLIN},
        [FD_SIGNALS] = {.fd = live->signal_fd,                                         .events = POLLIN},
        [FD_READER] = {.fd = writer_reader_fd(live->pipeline.writer)},
    };
    size_t count = FD_WATCH + watch_fds(live->watch, &fds[FD_WATCH]);
    while (!live->stop) {
        int state = turn(live, error);
        if (state < 0)
            return state;
        if (live->stop)
            break;
        bool had_messages = fds[FD_SOURCE].revents & POLLIN;
        if (state == SOURCE_WAIT && had_messages)
            nap();
        if (poll(fds, count, state == SOURCE_MORE ? 0 : timeout_ms(live)) < 0 && errno != EINTR)
            return error_set(error, errno, "cannot wait for messages: %s", g_strerror(errno));
        if (fds[FD_SIGNALS].revents & POLLIN)
            read_signals(live);
        else if (fds[FD_READER].revents != 0)
            return writer_lose_reader(live->pipeline.writer, error);
    }
    return 0;
}

/* ---- End ---- */

/* What was sent before the rules went out is still to come. */
static int drain_rest(struct live *live, struct error *error)
{
    uint64_t end_ns = clock_monotonic_ns() + DRAIN_NS;
    int state = SOURCE_MORE;
    while (state == SOURCE_MORE || clock_monotonic_ns() < end_ns) {
        state = turn(live, error);
        if (state < 0)
            return state;
        if (state == SOURCE_WAIT)
            nap();
    }
    return 0;
}

static int stop(struct live *live, struct error *error)
{
    int result = kernel_stop_tracing(live->kernel, error);
    int drained = drain_rest(live, result < 0 ? NULL : error);
    result = result < 0 ? result : drained;
    int closed = kernel_close(live->kernel, result < 0 ? NULL : error);
    live->kernel = NULL;
    result = result < 0 ? result : closed;

    struct source_stats stats;
    live->source->ops->stats(live->source, &stats);
    int finished = pipeline_finish(&live->pipeline, &stats, result < 0 ? NULL : error);
    return result < 0 ? result : finished;
}

int live_run(const struct options *options, struct error *error)
{
    struct live live = {.options = options, .netns = {.fd = -1}, .signal_fd = -1, .lock_fd = -1};
    int result = open_signals(&live, error);
    if (result == 0)
        result = start(&live, error);
    if (result == 0) {
        report_note("recording; press Ctrl-C to stop");
        result = give_up_privileges(options, error);
        if (result == 0)
            result = loop(&live, error);
        int stopped = stop(&live, result < 0 ? NULL : error);
        result = result < 0 ? result : stopped;
    }
    watch_close(live.watch);
    kernel_close(live.kernel, result < 0 ? NULL : error);
    pipeline_done(&live.pipeline);
    if (live.source)
        live.source->ops->close(live.source);
    netns_done(&live.netns);
    cleanup_close(&live.lock_fd);
    if (live.signal_fd >= 0)
        close(live.signal_fd);
    return result;
}
