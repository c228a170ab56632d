/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Recording from the kernel: the one loop that does all the waiting. */
#include "recorder/record/live.h"

#include "recorder/core/ownership.h"
#include "recorder/record/progress.h"
#include "recorder/record/realm.h"
#include "recorder/report/report.h"
#include "recorder/report/status.h"
#include "recorder/restore/state_tag.h"
#include "recorder/system/clock.h"
#include "recorder/system/interrupt.h"
#include "recorder/system/named_file.h"
#include "recorder/system/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MS       1000000ull
#define DRAIN_NS (100 * MS)   /* between taking the rules out and closing the socket, at least … */
#define LOOK_NS  (3000 * MS)  /* … and at most, until the rules have been looked at once more */
#define READ_NS  (20000 * MS) /* an end waits at most so long for rules that are still being read */

struct live {
    const struct options *options;
    GPtrArray *realms; /* of struct realm */
    struct writer *writer;
    struct backend_counts counts; /* of realms that were closed */
    struct error left;            /* what nobody can put back any more; empty: nothing */
    GArray *fds;                  /* of struct pollfd */
    int lock_fd;                  /* --lock */
    bool stop;
};

static struct realm *realm_at(const struct live *live, guint i)
{
    return g_ptr_array_index(live->realms, i);
}

/* ---- Start ---- */

/* Empty, and nobody else's: no link of either kind is followed to a file that was meant to stay. A pipe is
 * told once it has a reader. */
static int create_ready_file(const char *path, struct error *error)
{
    CLEANUP_CLOSE int fd = named_file_open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0666);
    struct stat status;
    if (fd == -ELOOP)
        return error_set(error, ELOOP,
                         "the ready file %s is a symbolic link: expected a regular file, or none yet", path);
    if (fd < 0)
        return error_set(error, -fd, "cannot create the ready file %s: %s", path, g_strerror(-fd));
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size == 0)
        return 0;
    if (status.st_nlink > 1)
        return error_set(error, EMLINK,
                         "the ready file %s has other hard links: expected a file with a single name", path);
    if (ftruncate(fd, 0) < 0)
        return error_set(error, errno, "cannot empty the ready file %s: %s", path, g_strerror(errno));
    return 0;
}

/* --lock: nobody's iptables can change a rule until we let go. */
static int take_lock(struct live *live, struct error *error)
{
    int result = 0;
    for (guint i = 0; result == 0 && i < live->realms->len; i++)
        result = realm_hold(realm_at(live, i), &live->lock_fd, error);
    return result;
}

static int open_realm(struct live *live, const char *spec, bool is_alone, struct error *error)
{
    struct realm *realm = realm_new(live->options);
    g_ptr_array_add(live->realms, realm);
    int result = realm_open(realm, spec, is_alone, error);
    for (guint i = 0; result == 0 && i + 1 < live->realms->len; i++) {
        const struct netns *other = &realm_at(live, i)->netns;
        if (netns_equal(other, &realm->netns))
            return error_set(error, EINVAL, "-n %s is the same network namespace as -n %s", spec,
                             other->name);
    }
    return result;
}

static int open_realms(struct live *live, struct error *error)
{
    const GPtrArray *names = live->options->namespaces; /* ends with a null */
    if (names->len == 1)
        return open_realm(live, NULL, true, error);
    int result = 0;
    for (guint i = 0; result == 0 && i + 1 < names->len; i++)
        result = open_realm(live, g_ptr_array_index(names, i), names->len == 2, error);
    return result;
}

static int start_realms(struct live *live, GPtrArray *interfaces, GString *notes, struct error *error)
{
    g_autofree char *tag = state_tag_new();
    int result = 0;
    for (guint i = 0; result == 0 && i < live->realms->len; i++) {
        result = realm_start(realm_at(live, i), live->writer, tag, interfaces, notes, error);
        for (guint k = 0; result == 0 && k < i; k++)
            realm_forgive(realm_at(live, k), realm_at(live, i));
    }
    return result;
}

static int start(struct live *live, struct error *error)
{
    const struct options *options = live->options;
    g_autoptr(GPtrArray) interfaces = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) notes = g_string_new(NULL);

    int result = open_realms(live, error);
    if (result == 0 && options->lock)
        result = take_lock(live, error);
    if (result == 0)
        result = writer_open(&live->writer, options, error);
    if (result == 0)
        result = start_realms(live, interfaces, notes, error);
    if (result < 0)
        return result;
    g_ptr_array_add(interfaces, NULL);
    writer_begin(live->writer, (const char *const *)interfaces->pdata, notes->len > 0 ? notes->str : NULL,
                 clock_realtime_ns());
    result = writer_flush(live->writer, true, clock_realtime_ns(), error);
    if (result == 0 && options->ready_file)
        result = create_ready_file(options->ready_file, error);
    /* Recording has begun: a signal that came while a pipe waited for its reader ends it as ever. */
    return result == -EINTR ? 0 : result;
}

/* From here on bytes of strangers are read. */
static int give_up_privileges(const struct options *options, struct error *error)
{
    const struct privileges_plan plan = {.opens_files = options->has_ring};
    struct error lacks;
    int result = privileges_drop(&plan, &lacks, error);
    if (result == 0 && lacks.text[0])
        report_note("privileges cannot be given up completely here: %s", lacks.text);
    return result;
}

/* ---- The loop ---- */

/* Each realm has its turn, whatever happens in another. Returns an enum backend_state or the first error. */
static int turn_realms(struct live *live, struct error *error)
{
    int state = BACKEND_WAIT, first = 0;
    for (guint i = 0; i < live->realms->len; i++) {
        int result = realm_turn(realm_at(live, i), first < 0 ? NULL : error);
        if (result < 0)
            first = first < 0 ? first : result;
        else
            state = MAX(state, result);
    }
    return first < 0 ? first : state;
}

/* Of a namespace that is gone nothing is to be saved: what goes wrong there is no error of the recording. */
static void let_go(struct live *live, guint i)
{
    struct realm *realm = realm_at(live, i);
    struct error problem;
    g_autofree char *label = g_strdup(realm->label ? realm->label : "");
    g_autofree char *message =
        g_strdup_printf("Network namespace '%s' is gone: nothing more is recorded there", realm->netns.name);
    report_note("%s", message);
    if (realm_stop(realm, &problem) < 0 || realm_turn(realm, &problem) < 0)
        report_note("%s", problem.text);
    if (realm_close(realm, &live->counts, NULL, &problem) < 0)
        report_note("%s", problem.text);
    writer_add_journal(live->writer, label, clock_realtime_ns(), JOURNAL_NOTICE, "namespace_gone", message);
    g_ptr_array_remove_index(live->realms, i);
    if (live->realms->len > 0)
        return;
    report_note("no network namespace is left, so the recording ends");
    live->stop = true;
}

static void show_progress(struct live *live)
{
    struct monotonic now = clock_monotonic();
    if (!status_is_due(now))
        return;
    struct backend_counts counts = live->counts;
    for (guint i = 0; i < live->realms->len; i++)
        realm_add_counts(realm_at(live, i), &counts);
    counts.progress = -1;
    progress_show(live->writer, &counts, now);
}

static int turn(struct live *live, struct error *error)
{
    int state = turn_realms(live, error);
    if (state < 0)
        return state;
    for (guint i = live->realms->len; i-- > 0;)
        if (realm_is_gone(realm_at(live, i)))
            let_go(live, i);
    int result = writer_flush(live->writer, false, clock_realtime_ns(), error);
    if (result < 0)
        return result;
    live->stop = live->stop || writer_is_full(live->writer, clock_realtime_ns());
    show_progress(live);
    return state;
}

static int timeout_ms(const struct live *live)
{
    struct monotonic due = MONOTONIC_NEVER;
    for (guint i = 0; i < live->realms->len; i++)
        due = monotonic_earlier(due, realm_due(realm_at(live, i)));
    uint64_t wait_ns = monotonic_since(due, clock_monotonic());
    return wait_ns > 0 ? (int)(wait_ns / MS) + 1 : 0;
}

static void nap(void)
{
    const struct timespec millisecond = {.tv_nsec = MS};
    nanosleep(&millisecond, NULL);
}

/* Places in what poll() waits for. */
enum {
    FD_SIGNALS,
    FD_READER, /* of a pipe that we write to: gone or not */
    /* and then those of the realms */
};

static void list_fds(struct live *live)
{
    const struct pollfd own[] = {
        [FD_SIGNALS] = {.fd = interrupt_fd(), .events = POLLIN},
        [FD_READER] = {.fd = writer_reader_fd(live->writer)                   },
    };
    g_array_set_size(live->fds, 0);
    g_array_append_vals(live->fds, own, G_N_ELEMENTS(own));
    for (guint i = 0; i < live->realms->len; i++)
        realm_list_fds(realm_at(live, i), live->fds);
}

static int loop(struct live *live, struct error *error)
{
    while (!live->stop && !interrupt_is_pending()) {
        int state = turn(live, error);
        if (state < 0)
            return state;
        if (live->stop || interrupt_is_pending())
            break;
        /* A moment later there are more: that saves 20 to 30 % of the CPU time, and the buffer holds far
         * more. */
        if (state == BACKEND_TAKEN)
            nap();
        list_fds(live);
        struct pollfd *fds = (struct pollfd *)live->fds->data;
        if (poll(fds, live->fds->len, state == BACKEND_MORE ? 0 : timeout_ms(live)) < 0 && errno != EINTR)
            return error_set(error, errno, "cannot wait for messages: %s", g_strerror(errno));
        if (fds[FD_SIGNALS].revents & POLLIN)
            interrupt_read();
        else if (fds[FD_READER].revents != 0)
            return writer_lose_reader(live->writer, error);
    }
    return 0;
}

/* ---- End ---- */

static bool is_reading(const struct live *live)
{
    for (guint i = 0; i < live->realms->len; i++)
        if (realm_is_reading(realm_at(live, i)))
            return true;
    return false;
}

/* A recording that ends at once has its rules, too; a second signal ends the wait. */
static int finish_reading(struct live *live, struct error *error)
{
    struct monotonic end = monotonic_after(clock_monotonic(), READ_NS);
    while (is_reading(live) && monotonic_is_before(clock_monotonic(), end) && !interrupt_is_pending()) {
        interrupt_read();
        int state = turn(live, error);
        if (state < 0)
            return state;
        if (state != BACKEND_MORE)
            nap();
    }
    return 0;
}

static bool has_rest(const struct live *live, struct monotonic since, bool is_failing)
{
    uint64_t waited_ns = monotonic_since(clock_monotonic(), since);
    bool is_sure = true;
    for (guint i = 0; i < live->realms->len; i++)
        is_sure = is_sure && realm_is_sure(realm_at(live, i));
    return waited_ns < DRAIN_NS || (!is_failing && !is_sure && waited_ns < LOOK_NS);
}

/* What was sent before the rules went out is still to come; and until it is known that nobody changed rules
 * of his own when ours went out, nothing is known of the last packets. */
static int drain_rest(struct live *live, struct error *error)
{
    struct monotonic begin = clock_monotonic();
    int state = BACKEND_MORE, first = 0;
    while (state == BACKEND_MORE || has_rest(live, begin, first < 0)) {
        state = turn_realms(live, first < 0 ? NULL : error);
        if (state < 0)
            first = first < 0 ? first : state;
        int result = writer_flush(live->writer, false, clock_realtime_ns(), first < 0 ? NULL : error);
        if (result < 0)
            return first < 0 ? first : result;
        if (state != BACKEND_MORE)
            nap();
    }
    return first;
}

/* Every realm is put back, whatever fails in one; the error is the first. */
static int stop(struct live *live, struct error *error)
{
    int first = 0;
    for (guint i = 0; i < live->realms->len; i++) {
        int result = realm_stop(realm_at(live, i), first < 0 ? NULL : error);
        for (guint k = 0; result == 0 && k < live->realms->len; k++)
            realm_forgive(realm_at(live, k), realm_at(live, i));
        first = first < 0 ? first : result;
    }
    int drained = live->realms->len > 0 ? drain_rest(live, first < 0 ? NULL : error) : 0;
    first = first < 0 ? first : drained;
    for (guint i = 0; i < live->realms->len; i++) {
        int result = realm_close(realm_at(live, i), &live->counts, &live->left, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
    }
    struct writer *writer = g_steal_pointer(&live->writer);
    g_ptr_array_set_size(live->realms, 0);
    int closed = writer_close(writer, &live->counts, clock_realtime_ns(), first < 0 ? NULL : error);
    return first < 0 ? first : closed;
}

/* What is left is the last thing that is said, whatever the error was. */
static int tell_left(const struct live *live, int result, struct error *error)
{
    if (!live->left.text[0])
        return result;
    if (result == 0)
        return error_set(error, ECHILD, "%s", live->left.text);
    struct error first = *error;
    return error_set(error, -result, "%s; %s", first.text, live->left.text);
}

int live_run(const struct options *options, struct error *error)
{
    struct live live = {.options = options, .lock_fd = -1};
    live.realms = g_ptr_array_new_with_free_func((GDestroyNotify)realm_free);
    live.fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
    int result = interrupt_open(error);
    if (result == 0)
        result = start(&live, error);
    if (result == -EINTR) {
        interrupt_answer();
        report_note("ended by a signal before recording had begun");
        result = 0;
    } else if (result == 0) {
        report_note("recording; press Ctrl-C to stop");
        result = give_up_privileges(options, error);
        if (result == 0)
            result = loop(&live, error);
        interrupt_answer();
        if (result == 0)
            result = finish_reading(&live, error);
        int stopped = stop(&live, result < 0 ? NULL : error);
        result = tell_left(&live, result < 0 ? result : stopped, error);
    }
    g_ptr_array_unref(live.realms);
    writer_abandon(live.writer);
    g_array_unref(live.fds);
    cleanup_close(&live.lock_fd);
    return result;
}
