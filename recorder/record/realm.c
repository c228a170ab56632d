/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A recording's part in one network namespace. */
#include "recorder/record/realm.h"

#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder/core/ownership.h"
#include "recorder/record/backends.h"
#include "recorder/report/report.h"
#include "recorder/system/clock.h"

#define MS        1000000ull
#define LOOK_NS   (200 * MS) /* between looks whether the namespace is still there */
#define AROUND_NS (100 * MS) /* between looks at what is around the rules */
/* How long packets wait for a look that confirms their rules. A file can wait for two looks at 100 000 rules;
 * who reads a pipe or the terminal is waiting. */
#define CONFIRM_FILE_NS (10000 * MS)
#define CONFIRM_PIPE_NS (250 * MS)

/* ---- Whose words ---- */

/* An error says which namespace it is of, as notes do. */
static int label_error(const struct realm *realm, int result, struct error *error)
{
    if (result < 0 && error && realm->label) {
        struct error told;
        error_set(&told, 0, "%s: %s", realm->label, error->text);
        *error = told;
    }
    return result;
}

/* ---- Backends ---- */

static struct backend *backend_at(const struct realm *realm, guint i)
{
    return g_ptr_array_index(realm->backends, i);
}

static const char *name_of(const struct realm *realm)
{
    return realm->label ? realm->label : "";
}

/* ---- Start ---- */

struct realm *realm_new(const struct options *options)
{
    struct realm *realm = g_new0(struct realm, 1);
    realm->options = options;
    realm->netns.fd = -1;
    realm->process = -1;
    realm->backends = g_ptr_array_new();
    return realm;
}

static int open_backends(struct realm *realm, struct error *error)
{
    const struct backend_site site = {
        .options = realm->options,
        .netns = &realm->netns,
        .label = realm->label,
        .sink = &realm->sink.out,
    };
    int result = 0;
    for (size_t i = 0; result == 0 && live_backends[i]; i++) {
        struct backend *backend = NULL;
        result = live_backends[i]->open(&backend, &site, error);
        if (backend)
            g_ptr_array_add(realm->backends, backend);
    }
    return result;
}

int realm_open(struct realm *realm, const char *spec, bool is_alone, struct error *error)
{
    int result = spec ? netns_open(&realm->netns, spec, error) : netns_open_own(&realm->netns, error);
    if (result < 0)
        return result;
    realm->is_named = spec != NULL;
    realm->label = is_alone ? NULL : netns_label(&realm->netns);
    pid_t pid = netns_process(&realm->netns);
    if (pid > 0)
        realm->process = (int)syscall(SYS_pidfd_open, pid, 0);
    return label_error(realm, open_backends(realm, error), error);
}

int realm_hold(struct realm *realm, int *fd, struct error *error)
{
    int result = 0;
    for (guint i = 0; result == 0 && i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        if (backend->ops->hold)
            result = backend->ops->hold(backend, fd, error);
    }
    return result;
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

static void note_missing_interfaces(const struct realm *realm)
{
    const struct options *options = realm->options;
    struct if_nameindex *list = if_nameindex();
    for (guint i = 0; i + 1 < options->interfaces->len; i++) {
        const char *name = g_ptr_array_index(options->interfaces, i);
        if (!interface_exists(list, name))
            report_note_about(realm->label,
                              "there is no interface %s here: its packets are recorded once it appears",
                              name);
    }
    if_freenameindex(list);
}

/* What must be done in the namespace, before privileges go. */
static int enter_namespace(struct realm *realm, GPtrArray *interfaces, struct error *error)
{
    struct netns_visit visit;
    int result = netns_visit_begin(&visit, &realm->netns, error);
    if (result < 0)
        return result;
    realm->surroundings = surroundings_open();
    list_interfaces(realm, interfaces);
    note_missing_interfaces(realm);
    return netns_visit_end(&visit, 0, error);
}

static void look_around(struct realm *realm)
{
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        if (backend->ops->surroundings)
            backend->ops->surroundings(backend, realm->surroundings);
    }
}

static int start_backends(struct realm *realm, const char *tag, GString *notes, struct error *error)
{
    uint64_t confirm_wait_ns = writer_has_file(realm->sink.writer) ? CONFIRM_FILE_NS : CONFIRM_PIPE_NS;
    int result = 0;
    for (guint i = 0; result == 0 && i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        result = backend->ops->start(backend, tag, confirm_wait_ns, notes, error);
        if (result == 0)
            writer_add_backend(realm->sink.writer, backend);
    }
    if (result < 0)
        return result;
    surroundings_begin(realm->surroundings);
    realm->looked_around = clock_monotonic();
    look_around(realm);
    return 0;
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
    sink_init(&realm->sink, writer, realm->label);
    int result = enter_namespace(realm, interfaces, error);
    if (result == 0)
        result = start_backends(realm, tag, own, error);
    append_notes(notes, realm->label, own->str);
    return label_error(realm, result, error);
}

/* ---- Running ---- */

static int watch(struct realm *realm, struct error *error)
{
    int result = 0;
    for (guint i = 0; result == 0 && i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        if (backend->ops->watch)
            result = backend->ops->watch(backend, error);
    }
    return result;
}

static int turn(struct realm *realm, struct error *error)
{
    int result = watch(realm, error), state = BACKEND_WAIT;
    struct monotonic now = clock_monotonic();
    if (result < 0)
        return result;
    /* Before time passes for the paths: what is concluded of a packet's end is concluded from what came
     * after. */
    if (monotonic_since(now, realm->looked_around) >= AROUND_NS) {
        realm->looked_around = now;
        surroundings_look(realm->surroundings);
        look_around(realm);
    }
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        result = backend->ops->turn(backend, now, error);
        if (result < 0)
            return result;
        state = MAX(state, result);
    }
    return state;
}

int realm_turn(struct realm *realm, struct error *error)
{
    return label_error(realm, turn(realm, error), error);
}

struct monotonic realm_due(const struct realm *realm)
{
    struct monotonic due = monotonic_after(clock_monotonic(), LOOK_NS);
    for (guint i = 0; i < realm->backends->len; i++)
        due = monotonic_earlier(due, backend_at(realm, i)->ops->due(backend_at(realm, i)));
    return due;
}

void realm_list_fds(const struct realm *realm, GArray *fds)
{
    for (guint i = 0; i < realm->backends->len; i++) {
        struct pollfd some[BACKEND_FDS_MAX];
        size_t count = backend_at(realm, i)->ops->fds(backend_at(realm, i), some);
        g_array_append_vals(fds, some, (guint)count);
    }
}

bool realm_is_gone(struct realm *realm)
{
    struct monotonic now = clock_monotonic();
    if (!realm->is_named || monotonic_since(now, realm->looked) < LOOK_NS)
        return false;
    realm->looked = now;
    /* A process id is given again, and a dead child stays for its parent to see: the pidfd is not misled. */
    struct pollfd process = {.fd = realm->process, .events = POLLIN};
    return !netns_exists(&realm->netns) || poll(&process, 1, 0) > 0;
}

bool realm_is_reading(const struct realm *realm)
{
    for (guint i = 0; i < realm->backends->len; i++) {
        const struct backend *backend = backend_at(realm, i);
        if (backend->ops->is_reading && backend->ops->is_reading(backend))
            return true;
    }
    return false;
}

bool realm_is_sure(struct realm *realm)
{
    bool is_sure = true;
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        if (backend->ops->is_sure && !backend->ops->is_sure(backend))
            is_sure = false;
    }
    return is_sure;
}

void realm_forgive(struct realm *realm, const struct realm *other)
{
    for (guint i = 0; i < realm->backends->len; i++)
        for (guint k = 0; k < other->backends->len; k++)
            if (backend_at(realm, i)->ops == backend_at(other, k)->ops && backend_at(realm, i)->ops->forgive)
                backend_at(realm, i)->ops->forgive(backend_at(realm, i), backend_at(other, k));
}

void realm_add_counts(const struct realm *realm, struct backend_counts *counts)
{
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend_counts some;
        backend_at(realm, i)->ops->counts(backend_at(realm, i), &some);
        backend_counts_add(counts, &some);
    }
}

/* ---- End ---- */

int realm_stop(struct realm *realm, struct error *error)
{
    int first = 0;
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        int result = backend->ops->stop ? backend->ops->stop(backend, first < 0 ? NULL : error) : 0;
        first = first < 0 ? first : result;
    }
    return label_error(realm, first, error);
}

static int restore(struct realm *realm, struct error *ret_left, struct error *error)
{
    int first = 0;
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        struct error left = {0};
        if (!backend->ops->restore)
            continue;
        int result = backend->ops->restore(backend, &left, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
        if (left.text[0] && ret_left)
            *ret_left = left;
    }
    return first;
}

/* What the queues of NFQUEUE themselves have dropped since recording began. */
static void tell_queue_drops(struct realm *realm)
{
    const struct queue_listeners *queues = &realm->surroundings->queues;
    for (size_t i = 0; i < queues->count; i++) {
        uint64_t drops = surroundings_queue_drops(realm->surroundings, &queues->queues[i]);
        if (drops == 0)
            continue;
        g_autofree char *text =
            g_strdup_printf("NFQUEUE %u dropped %" PRIu64 " packets because its program was too slow",
                            queues->queues[i].queue, drops);
        report_note_about(realm->label, "%s", text);
        sink_add_journal(&realm->sink, name_of(realm), JOURNAL_WARNING, "queue_drops", text, NULL, 0);
    }
}

/* What IP itself dropped meanwhile no rule did: the causes of packets that vanished. */
static void tell_ip_drops(struct realm *realm)
{
    struct ip_counters growth;
    struct journal_field fields[IP_COUNTER_COUNT];
    char values[IP_COUNTER_COUNT][24];
    size_t count = 0;
    if (!surroundings_ip_drops(realm->surroundings, &growth))
        return;
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
    report_note_about(realm->label, "%s", sentence);
    sink_add_journal(&realm->sink, name_of(realm), JOURNAL_NOTICE, "ip_drops", sentence, fields, count);
}

static int finish(struct realm *realm, struct error *error)
{
    int first = 0;
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        int result = backend->ops->finish(backend, first < 0 ? NULL : error);
        first = first < 0 ? first : result;
    }
    return first;
}

static void let_go(struct realm *realm, struct error *ret_left)
{
    for (guint i = 0; i < realm->backends->len; i++) {
        struct backend *backend = backend_at(realm, i);
        struct error left = {0};
        if (realm->sink.writer)
            writer_remove_backend(realm->sink.writer, backend);
        backend->ops->close(backend, &left);
        if (left.text[0])
            *ret_left = left;
    }
    g_ptr_array_set_size(realm->backends, 0);
    surroundings_close(realm->surroundings);
    realm->surroundings = NULL;
    netns_done(&realm->netns);
    cleanup_close(&realm->process);
    realm->process = -1;
}

int realm_close(struct realm *realm, struct backend_counts *counts, struct error *ret_left,
                struct error *error)
{
    int result = restore(realm, ret_left, error);
    surroundings_look(realm->surroundings);
    look_around(realm);
    tell_queue_drops(realm);
    tell_ip_drops(realm);
    int finished = finish(realm, result < 0 ? NULL : error);
    realm_add_counts(realm, counts);
    return label_error(realm, result < 0 ? result : finished, error);
}

void realm_free(struct realm *realm)
{
    struct error left = {0};
    if (!realm)
        return;
    let_go(realm, &left);
    if (left.text[0])
        report_error("%s", left.text);
    g_ptr_array_unref(realm->backends);
    sink_done(&realm->sink);
    g_free(realm->label);
    g_free(realm);
}
