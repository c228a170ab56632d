/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording's side in one network namespace. */
#include "recorder/realm.h"

#include "recorder/core/cleanup.h"
#include "recorder/report.h"
#include "recorder/ruleset/xtables_lock.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MS        1000000ull
#define TICK_NS   (10 * MS)
#define LOOK_NS   (200 * MS) /* between looks whether the namespace is still there */
#define AROUND_NS (100 * MS) /* between looks at what is beside the rules: some 30 µs each */
/* How long packets wait for a look that confirms their rules. A file can wait for two looks at 100 000 rules;
 * who reads a pipe or the terminal is waiting. */
#define CONFIRM_FILE_NS (10000 * MS)
#define CONFIRM_PIPE_NS (250 * MS)

/* ---- Whose words ---- */

/* Between the two, everything that is said is said of this namespace. */
static void enter(const struct realm *realm)
{
    report_set_place(realm->label);
}

static int leave(const struct realm *realm, int result, struct error *error)
{
    report_set_place(NULL);
    if (result < 0 && error && realm->label) {
        struct error told;
        error_set(&told, 0, "%s: %s", realm->label, error->text);
        *error = told;
    }
    return result;
}

/* ---- Start ---- */

struct realm *realm_new(const struct options *options)
{
    struct realm *realm = g_new0(struct realm, 1);
    realm->options = options;
    realm->netns.fd = -1;
    realm->process = -1;
    realm->ip_files = IP_COUNTER_FILES_NONE;
    realm->queues_fd = -1;
    realm->queues = g_new0(struct queue_listeners, 1);
    return realm;
}

/* The process that a path in /proc leads by; 0: none. */
static pid_t process_of(const char *path)
{
    long pid;
    int length = -1;
    return sscanf(path, "/proc/%ld/ns/net%n", &pid, &length) == 1 && length == (int)strlen(path) ? (pid_t)pid
                                                                                                 : 0;
}

/* The name as ip-netns(8) or the process id; where it is neither, the path. */
static char *make_label(const struct netns *netns)
{
    static const char *const directories[] = {"/run/netns/", "/var/run/netns/"};
    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++)
        if (g_str_has_prefix(netns->path, directories[i]))
            return g_strdup(netns->path + strlen(directories[i]));
    pid_t pid = process_of(netns->path);
    return pid > 0 ? g_strdup_printf("%ld", (long)pid) : g_strdup(netns->name);
}

int realm_open(struct realm *realm, const char *spec, bool is_alone, struct error *error)
{
    int result = spec ? netns_open(&realm->netns, spec, error) : netns_open_own(&realm->netns, error);
    if (result < 0)
        return result;
    realm->is_named = spec != NULL;
    realm->label = is_alone ? NULL : make_label(&realm->netns);
    enter(realm);
    pid_t pid = process_of(realm->netns.path);
    if (pid > 0)
        realm->process = (int)syscall(SYS_pidfd_open, pid, 0);
    result = kernel_open(&realm->kernel, realm->options, &realm->netns, error);
    if (result == 0)
        result = kernel_choose_families(realm->kernel, error);
    return leave(realm, result, error);
}

static void list_interfaces(const struct realm *realm, GPtrArray *interfaces)
{
    const char *label = realm->label ? realm->label : "", *slash = realm->label ? "/" : "";
    struct if_nameindex *list = if_nameindex();
    for (struct if_nameindex *entry = list; entry && entry->if_name; entry++)
        g_ptr_array_add(interfaces, g_strconcat(label, slash, entry->if_name, NULL));
    if_freenameindex(list);
    if (interfaces->len == 0)
        g_ptr_array_add(interfaces, g_strconcat(label, slash, "lo", NULL));
}

/* A rule takes any name, also of an interface that comes later; and of one that is misspelt. NAME+ stands for
 * all that begin so. */
static bool interface_exists(const struct if_nameindex *list, const char *name)
{
    size_t length = strlen(name);
    bool is_beginning = length > 0 && name[length - 1] == '+';
    for (const struct if_nameindex *entry = list; entry && entry->if_name; entry++)
        if (is_beginning ? strncmp(entry->if_name, name, length - 1) == 0 : strcmp(entry->if_name, name) == 0)
            return true;
    return false;
}

static void note_missing_interfaces(const struct options *options)
{
    struct if_nameindex *list = if_nameindex();
    for (guint i = 0; i + 1 < options->interfaces->len; i++) {
        const char *name = g_ptr_array_index(options->interfaces, i);
        if (!interface_exists(list, name))
            report_note("there is no interface %s here: nothing is recorded of it until there is", name);
    }
    if_freenameindex(list);
}

/* What must be done in the namespace: the socket, and a look at its interfaces. */
static int open_source(struct realm *realm, GPtrArray *interfaces, struct error *error)
{
    const struct nflog_options options = {
        .copy_range = realm->options->snapshot_length,
        .buffer_size = realm->options->buffer_mib << 20,
        .netns = realm->label,
    };
    int result = nflog_source_open(&realm->source, &options, error);
    if (result < 0)
        return result;
    uint32_t granted = nflog_source_buffer(realm->source);
    if (granted < options.buffer_size)
        report_note(
            "the socket's receive buffer is %u KiB, not the %u MiB asked for: net.core.rmem_max is less",
            granted >> 10, realm->options->buffer_mib);
    ip_counter_files_open(&realm->ip_files);
    realm->queues_fd = queue_listeners_open();
    list_interfaces(realm, interfaces);
    note_missing_interfaces(realm->options);
    return 0;
}

static int open_source_inside(struct realm *realm, GPtrArray *interfaces, struct error *error)
{
    struct netns own;
    int result = netns_open_own(&own, error);
    if (result < 0)
        return result;
    result = netns_enter(&realm->netns, error);
    if (result == 0) {
        result = open_source(realm, interfaces, error);
        int back = netns_enter(&own, result < 0 ? NULL : error);
        result = result < 0 ? result : back;
    }
    netns_done(&own);
    return result;
}

/* A container's iptables locks a file of its own. */
static void watch_lock_of_process(struct realm *realm)
{
    pid_t pid = process_of(realm->netns.path);
    if (pid <= 0)
        return;
    g_autofree char *path = g_strdup_printf("/proc/%ld/root" XTABLES_LOCK_FILE, (long)pid);
    watch_add_lock(realm->watch, path);
}

/* ---- Queues of NFQUEUE ---- */

/* Before the first packet, and then as often as a packet waits for it. */
static void look_at_queues(struct realm *realm)
{
    uint16_t numbers[QUEUE_LISTENERS_MAX];
    uint64_t begun_ns = clock_realtime_ns();
    if (realm->queues_fd < 0 || !queue_listeners_read(realm->queues_fd, realm->queues))
        return;
    for (size_t i = 0; i < realm->queues->count; i++)
        numbers[i] = realm->queues->queues[i].queue;
    rulebook_set_queues(realm->pipeline.book, numbers, realm->queues->count, begun_ns, clock_realtime_ns());
    if (!realm->first_queues)
        realm->first_queues = g_memdup2(realm->queues, sizeof *realm->queues);
}

/* As long as routing has dropped nothing here, what TPROXY saw last has found no socket. */
static void look_at_routing(struct realm *realm)
{
    struct ip_counters now;
    if (!ip_counters_read(&realm->ip_files, &now))
        return;
    struct ip_counters growth = ip_counters_growth(&realm->ip_before, &now);
    bool has_dropped = ip_counters_routing(&growth, 4) + ip_counters_routing(&growth, 6) > 0;
    rulebook_set_routing_dropped(realm->pipeline.book, has_dropped);
}

static void look_around(struct realm *realm)
{
    realm->looked_around_ns = clock_monotonic_ns();
    look_at_queues(realm);
    look_at_routing(realm);
}

static uint64_t drops_before(const struct realm *realm, uint16_t queue)
{
    for (size_t i = 0; realm->first_queues && i < realm->first_queues->count; i++) {
        const struct queue_listener *first = &realm->first_queues->queues[i];
        if (first->queue == queue)
            return first->dropped + first->user_dropped;
    }
    return 0;
}

/* What the queues of NFQUEUE themselves have dropped since recording began. */
static void report_queue_drops(struct realm *realm)
{
    look_at_queues(realm);
    for (size_t i = 0; i < realm->queues->count; i++) {
        const struct queue_listener *queue = &realm->queues->queues[i];
        uint64_t before = drops_before(realm, queue->queue), now = queue->dropped + queue->user_dropped;
        if (now <= before)
            continue;
        g_autofree char *text =
            g_strdup_printf("NFQUEUE %u dropped %" PRIu64 " packets because its program was too slow",
                            queue->queue, now - before);
        report_note("%s", text);
        pipeline_add_journal(&realm->pipeline, JOURNAL_WARNING, "queue_drops", text);
    }
}

static int start(struct realm *realm, const char *tag, GPtrArray *interfaces, GString *notes,
                 struct error *error)
{
    int result = watch_open(&realm->watch, &realm->pipeline, error);
    if (result < 0)
        return result;
    watch_lock_of_process(realm);
    result = open_source_inside(realm, interfaces, error);
    if (result == 0)
        result = kernel_start(realm->kernel, &realm->pipeline, tag, notes, error);
    ip_counters_read(&realm->ip_files, &realm->ip_before);
    if (result == 0)
        look_around(realm);
    if (result == 0)
        kernel_watch(realm->kernel, realm->watch);
    return result;
}

static void append_notes(GString *notes, const char *label, const char *own)
{
    g_auto(GStrv) lines = g_strsplit(own, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line)
            g_string_append_printf(notes, "%s%s%s%s", notes->len > 0 ? "\n" : "", label ? label : "",
                                   label ? ": " : "", *line);
}

int realm_start(struct realm *realm, struct writer *writer, const char *tag, GPtrArray *interfaces,
                GString *notes, struct error *error)
{
    g_autoptr(GString) own = g_string_new(NULL);
    enter(realm);
    pipeline_init(&realm->pipeline, writer, realm->label ? realm->label : "", false,
                  writer_has_file(writer) ? CONFIRM_FILE_NS : CONFIRM_PIPE_NS);
    int result = leave(realm, start(realm, tag, interfaces, own, error), error);
    append_notes(notes, realm->label, own->str);
    return result;
}

/* ---- Running ---- */

static int turn(struct realm *realm, struct error *error)
{
    struct pipeline *pipeline = &realm->pipeline;
    int result = watch_turn(realm->watch, error);
    if (result < 0)
        return result;
    pipeline->now_ns = clock_monotonic_ns();
    /* Before time passes for the paths: what is concluded of a packet's end is concluded from what came
     * after. */
    if (pipeline->now_ns - realm->looked_around_ns >= AROUND_NS)
        look_around(realm);
    uint64_t begun_ns = clock_realtime_ns();
    int state = realm->source->ops->drain(realm->source, &pipeline->sink, error);
    if (state < 0)
        return state;
    if (state == SOURCE_WAIT)
        assembler_drained(pipeline->assembler, begun_ns);
    uint64_t now_ns = clock_monotonic_ns();
    if (state == SOURCE_WAIT && now_ns - realm->ticked_ns >= TICK_NS) {
        realm->wake_ns = assembler_tick(pipeline->assembler, pipeline->now_ns);
        realm->ticked_ns = now_ns;
    }
    result = kernel_tick(realm->kernel, pipeline, now_ns, error);
    return result < 0 ? result : state;
}

int realm_turn(struct realm *realm, struct error *error)
{
    enter(realm);
    return leave(realm, turn(realm, error), error);
}

uint64_t realm_due_ns(const struct realm *realm)
{
    uint64_t due_ns = clock_monotonic_ns() + LOOK_NS;
    if (realm->wake_ns != 0 || realm->pipeline.now_ns > realm->ticked_ns)
        due_ns = MIN(due_ns, MAX(realm->wake_ns, realm->ticked_ns + TICK_NS));
    return MIN(due_ns, watch_due_ns(realm->watch));
}

struct pollfd realm_source_fd(const struct realm *realm)
{
    return (struct pollfd){.fd = realm->source->ops->fd(realm->source), .events = POLLIN};
}

size_t realm_watch_fds(const struct realm *realm, struct pollfd fds[static WATCH_FDS_MAX])
{
    return watch_fds(realm->watch, fds);
}

bool realm_is_gone(struct realm *realm)
{
    uint64_t now_ns = clock_monotonic_ns();
    if (!realm->is_named || now_ns - realm->looked_ns < LOOK_NS)
        return false;
    realm->looked_ns = now_ns;
    /* A process id is given again, and a dead child stays for its parent to see: the pidfd is not misled. */
    struct pollfd process = {.fd = realm->process, .events = POLLIN};
    return !netns_exists(&realm->netns) || poll(&process, 1, 0) > 0;
}

bool realm_is_sure(struct realm *realm)
{
    bool is_sure = watch_is_sure(realm->watch);
    if (!is_sure)
        watch_hurry(realm->watch);
    return is_sure;
}

void realm_forgive(struct realm *realm, const struct realm *other)
{
    watch_forgive(realm->watch, kernel_own_locks(other->kernel));
}

bool realm_is_reading(const struct realm *realm)
{
    return watch_is_reading(realm->watch);
}

/* ---- End ---- */

int realm_stop_tracing(struct realm *realm, struct error *error)
{
    enter(realm);
    uint64_t begin_ns = clock_realtime_ns();
    int result = kernel_stop_tracing(realm->kernel, error);
    watch_note_removal(realm->watch, (struct interval){begin_ns, clock_realtime_ns()});
    return leave(realm, result, error);
}

/* What IP itself dropped meanwhile no rule did: the causes of packets that vanished. */
static void tell_ip_drops(struct realm *realm)
{
    struct ip_counters after;
    struct journal_field fields[IP_COUNTER_COUNT];
    char values[IP_COUNTER_COUNT][24];
    size_t count = 0;
    if (!ip_counters_read(&realm->ip_files, &after))
        return;
    struct ip_counters growth = ip_counters_growth(&realm->ip_before, &after);
    for (unsigned i = 0; i < IP_COUNTER_COUNT; i++) {
        if (growth.value[i] == 0)
            continue;
        snprintf(values[count], sizeof *values, "%" PRIu64, growth.value[i]);
        fields[count] = (struct journal_field){ip_counter_field(i), values[count]};
        count++;
    }
    if (count == 0)
        return;
    g_autofree char *what = ip_counters_describe(&growth);
    g_autofree char *sentence =
        g_strdup_printf("meanwhile IP itself dropped packets here, traced or not: %s", what);
    report_note("%s", sentence);
    pipeline_add_journal_fields(&realm->pipeline, JOURNAL_NOTICE, "ip_drops", sentence, fields, count);
}

static int close_kernel(struct realm *realm, struct error *ret_left, struct error *error)
{
    int result = kernel_close(realm->kernel, ret_left, error);
    realm->kernel = NULL;
    return result;
}

static void close_descriptors(struct realm *realm)
{
    if (realm->source)
        realm->source->ops->close(realm->source);
    realm->source = NULL;
    ip_counter_files_close(&realm->ip_files);
    netns_done(&realm->netns);
    cleanup_close(&realm->queues_fd);
    realm->queues_fd = -1;
    cleanup_close(&realm->process);
    realm->process = -1;
}

int realm_close(struct realm *realm, struct totals *totals, struct error *ret_left, struct error *error)
{
    struct source_stats stats;
    struct error left;
    enter(realm);
    kernel_tell_limit(realm->kernel, &realm->pipeline);
    int result = close_kernel(realm, &left, error);
    if (left.text[0] && ret_left)
        *ret_left = left;
    report_queue_drops(realm);
    realm->source->ops->stats(realm->source, &stats);
    totals_add_source(totals, &stats);
    tell_ip_drops(realm);
    close_descriptors(realm);
    pipeline_finish(&realm->pipeline, totals);
    watch_finish(realm->watch);
    return leave(realm, result, error);
}

void realm_free(struct realm *realm)
{
    if (!realm)
        return;
    struct error left;
    close_kernel(realm, &left, NULL);
    if (left.text[0])
        report_error("%s", left.text);
    watch_close(realm->watch);
    close_descriptors(realm);
    pipeline_done(&realm->pipeline);
    g_free(realm->queues);
    g_free(realm->first_queues);
    g_free(realm->label);
    g_free(realm);
}
