/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Where finished packets go. */
#include "recorder/output/writer.h"

#include "recorder/core/capture.h"
#include "recorder/core/text.h"
#include "recorder/output/output.h"
#include "recorder/output/recording_end.h"
#include "recorder/output/ring.h"
#include "recorder/output/summary.h"
#include "recorder/output/tally.h"
#include "recorder/report/report.h"
#include "recorder/system/interrupt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define FLUSH_NS    1000000000ull /* messages wait at most so long for a fuller block */
#define WAITING_MAX (4u << 20)    /* bytes that wait for the next flush; more are handed on at once */

struct writer {
    const struct options *options;
    GPtrArray *backends;     /* of struct backend, the caller's */
    uint32_t rulesets;       /* numbers given out */
    struct capture *capture; /* null: only text is wanted */
    struct output *output;
    GString *text; /* null: no text is wanted */
    bool colour;
    struct utsname system;
    char *application, *os;
    char *notes;
    GPtrArray *interfaces; /* of char *: what each file of a ring begins with */
    struct ring ring;
    uint64_t file_packets, file_begin_ns;
    uint64_t begin_ns, flushed_ns, lost_pending, lost;
    uint64_t now_ns; /* as last told */
    int failure;     /* negative errno, from where nobody could be told; `error` has the sentence */
    struct error error;
    struct tally tally;      /* of the packets that are written; as long as nothing fails, also handed on */
    struct summary *summary; /* null: nobody would see it */
    bool begun;
};

/* ---- Files ---- */

static int open_file(struct writer *writer, uint64_t now_ns, struct error *error)
{
    if (!writer->options->has_ring)
        return output_open(&writer->output, writer->options->write, 0600, error);
    return ring_open_next(&writer->ring, &writer->output, now_ns, error);
}

static bool wants_blocks(const struct writer *writer)
{
    if (writer->options->blocks != BLOCKS_AUTO)
        return writer->options->blocks == BLOCKS_ALWAYS;
    return output_is_regular(writer->output);
}

static uint32_t random_id(void)
{
    uint32_t id = 0;
    while (id == 0)
        if (getrandom(&id, sizeof id, 0) != sizeof id)
            id = (uint32_t)time(NULL) ^ (uint32_t)getpid();
    return id;
}

int writer_open(struct writer **ret_writer, const struct options *options, struct error *error)
{
    struct writer *writer = g_new0(struct writer, 1);
    writer->options = options;
    writer->backends = g_ptr_array_new();
    tally_init(&writer->tally);
    writer->interfaces = g_ptr_array_new_with_free_func(g_free);
    ring_init(&writer->ring, options->write, options->ring.files);
    if (report_get_level() == REPORT_VERBOSE ||
        (report_get_level() == REPORT_NORMAL && isatty(STDERR_FILENO)))
        writer->summary = summary_new();
    if (options->print || !options->write) {
        writer->text = g_string_new(NULL);
        writer->colour =
            isatty(STDOUT_FILENO) && g_strcmp0(g_getenv("TERM"), "dumb") != 0 && !g_getenv("NO_COLOR");
    }
    if (options->write) {
        int result = open_file(writer, (uint64_t)time(NULL) * 1000000000, error);
        if (result < 0) {
            writer_abandon(writer);
            return result;
        }
        uname(&writer->system);
        writer->os = g_strdup_printf("%s %s", writer->system.sysname, writer->system.release);
        writer->application = g_strdup("iptrace-record " IPTRACE_VERSION);
        const struct capture_options capture = {
            .capture_id = random_id(),
            .blocks = wants_blocks(writer),
            .snapshot_length = options->snapshot_length,
            .filter = options->filter,
            .hardware = writer->system.machine,
            .os = writer->os,
            .application = writer->application,
        };
        writer->capture = capture_new(&capture);
    }
    *ret_writer = writer;
    return 0;
}

void writer_abandon(struct writer *writer)
{
    if (!writer)
        return;
    capture_free(writer->capture);
    summary_free(writer->summary);
    output_abandon(writer->output);
    if (writer->text)
        g_string_free(writer->text, TRUE);
    g_free(writer->os);
    g_free(writer->application);
    g_free(writer->notes);
    g_ptr_array_unref(writer->backends);
    tally_done(&writer->tally);
    g_ptr_array_unref(writer->interfaces);
    ring_done(&writer->ring);
    g_free(writer);
}

/* ---- What goes in ---- */

static struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void take_rules(void *user, const struct rules_record *rules)
{
    struct writer *writer = user;
    capture_add_rules(writer->capture, rules);
    if (rules->imitation.length == 0)
        return;
    g_autofree char *netns = g_strndup((const char *)rules->netns.data, rules->netns.length);
    g_autofree char *message =
        g_strdup_printf(RULES_IMITATION, (int)rules->imitation.length, (const char *)rules->imitation.data);
    writer_add_journal(writer, netns, MAX(rules->time_ns, writer->begin_ns), JOURNAL_WARNING, "imitation",
                       message);
}

static void add_rules_of_backends(struct writer *writer, bool former)
{
    for (guint i = 0; writer->capture && i < writer->backends->len; i++) {
        struct backend *backend = g_ptr_array_index(writer->backends, i);
        backend->ops->each_rules(backend, former, take_rules, writer);
    }
}

void writer_add_backend(struct writer *writer, struct backend *backend)
{
    g_ptr_array_add(writer->backends, backend);
}

void writer_remove_backend(struct writer *writer, struct backend *backend)
{
    g_ptr_array_remove(writer->backends, backend);
}

bool writer_has_file(const struct writer *writer)
{
    return writer->output && output_is_regular(writer->output);
}

uint32_t writer_number_rules(struct writer *writer)
{
    return ++writer->rulesets;
}

static void begin_file(struct writer *writer, uint64_t now_ns)
{
    writer->file_packets = 0;
    writer->file_begin_ns = now_ns;
    if (!writer->capture)
        return;
    capture_begin_file(writer->capture, bytes_of(g_ptr_array_index(writer->interfaces, 0)));
    for (guint i = 1; i < writer->interfaces->len; i++)
        capture_add_interface(writer->capture, bytes_of(g_ptr_array_index(writer->interfaces, i)));
    g_autofree char *message = g_strdup_printf("Capture started by iptrace-record %s%s%s%s%s",
                                               IPTRACE_VERSION, writer->options->filter ? ", filter: " : "",
                                               writer->options->filter ? writer->options->filter : "",
                                               writer->notes ? "\n" : "", writer->notes ? writer->notes : "");
    writer_add_journal(writer, "", now_ns, JOURNAL_INFO, "start", message);
}

void writer_begin(struct writer *writer, const char *const *interfaces, const char *notes, uint64_t now_ns)
{
    for (; *interfaces; interfaces++)
        g_ptr_array_add(writer->interfaces, g_strdup(*interfaces));
    writer->notes = g_strdup(notes);
    writer->begin_ns = writer->flushed_ns = now_ns;
    writer->begun = true;
    begin_file(writer, now_ns);
    add_rules_of_backends(writer, true);
    add_rules_of_backends(writer, false);
}

void writer_add_rules(struct writer *writer, const struct rules_record *rules)
{
    if (writer->capture && writer->begun)
        take_rules(writer, rules);
}

void writer_add_journal_fields(struct writer *writer, const char *netns, uint64_t now_ns,
                               enum journal_priority priority, const char *event, const char *message,
                               const struct journal_field *fields, size_t count)
{
    struct journal_field all[1 + WRITER_FIELDS_MAX] = {
        {"IPTRACE_NETNS", netns}
    };
    size_t all_count = netns[0] ? 1 : 0;
    g_assert(count <= WRITER_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        all[all_count++] = fields[i];
    if (writer->capture && writer->begun)
        capture_add_journal(writer->capture, now_ns, priority, event, message, all, all_count);
}

void writer_add_journal(struct writer *writer, const char *netns, uint64_t now_ns,
                        enum journal_priority priority, const char *event, const char *message)
{
    writer_add_journal_fields(writer, netns, now_ns, priority, event, message, NULL, 0);
}

void writer_add_lost(struct writer *writer, uint64_t count)
{
    writer->lost_pending += count;
    writer->lost += count;
}

/* ---- What goes out ---- */

/* A reader that takes nothing is waited for until a signal comes, and then is given `patience_ms`; what it
 * has not taken stays. Returns -EINTR or -ETIMEDOUT in that case. */
static int print_text(struct writer *writer, int patience_ms, struct error *error)
{
    size_t written;
    int result = interrupt_write(STDOUT_FILENO, writer->text->str, writer->text->len,
                                 interrupt_was_heard() ? patience_ms : -1, &written);
    g_string_erase(writer->text, 0, (gssize)written);
    if (result == -EINTR || result == -ETIMEDOUT)
        return error_set(
            error, -result,
            "standard output: its reader accepts nothing, so the last %zu bytes were not written",
            writer->text->len);
    if (result < 0)
        return error_set(error, -result, "cannot write to standard output: %s", g_strerror(-result));
    return 0;
}

static void count(struct writer *writer, const struct finished_path *path)
{
    uint64_t end =
        writer->output ? output_size(writer->output) + capture_pending(writer->capture) : TALLY_WRITTEN;
    writer->file_packets++;
    tally_add(&writer->tally, path, end);
}

static int close_output(struct writer *writer, struct error *error)
{
    if (!writer->output)
        return 0;
    int result = output_flush(writer->output, error);
    tally_settle(&writer->tally, output_written(writer->output));
    if (result < 0)
        tally_forget_unsettled(&writer->tally);
    int closed = output_close(writer->output, result < 0 ? NULL : error);
    writer->output = NULL;
    tally_settle(&writer->tally, UINT64_MAX);
    return result < 0 ? result : closed;
}

static int hand_on(struct writer *writer, struct error *error)
{
    if (writer->text && writer->text->len > 0) {
        int printed = print_text(writer, 0, error);
        if (printed < 0 && printed != -EINTR && printed != -ETIMEDOUT)
            return printed;
    }
    if (!writer->output) /* none is wanted, or the ring's next file could not be opened */
        return 0;
    struct bytes blocks = capture_take(writer->capture);
    int result = blocks.length > 0 ? output_write(writer->output, blocks, error) : 0;
    tally_settle(&writer->tally, output_written(writer->output));
    return result;
}

static bool is_reached(const struct bounds *bounds, double seconds, uint64_t size, uint64_t packets)
{
    return (bounds->duration_s > 0 && seconds >= bounds->duration_s) ||
           (bounds->filesize_kb > 0 && size >= bounds->filesize_kb * 1000) ||
           (bounds->packets > 0 && packets >= bounds->packets);
}

static double seconds_between(uint64_t begin_ns, uint64_t end_ns)
{
    return end_ns > begin_ns ? (double)(end_ns - begin_ns) / 1e9 : 0;
}

static int next_file(struct writer *writer, uint64_t now_ns, struct error *error)
{
    capture_flush_messages(writer->capture);
    writer_add_journal(writer, "", now_ns, JOURNAL_INFO, "file_end",
                       "Continued in the next file of the ring");
    capture_end_file(writer->capture, writer->file_begin_ns, now_ns, writer->lost);
    int result = hand_on(writer, error);
    int closed = close_output(writer, result < 0 ? NULL : error);
    if (result < 0 || closed < 0)
        return result < 0 ? result : closed;
    result = open_file(writer, now_ns, error);
    if (result < 0)
        return result;
    begin_file(writer, now_ns);
    add_rules_of_backends(writer, false);
    return 0;
}

static bool is_last_file(const struct writer *writer)
{
    uint64_t files = writer->options->autostop.files;
    return files > 0 && writer->ring.number >= files;
}

static bool file_has_all_packets(const struct writer *writer)
{
    uint64_t packets = writer->options->ring.packets;
    return packets > 0 && writer->file_packets >= packets;
}

/* Exactly so many as were asked for, whatever comes in one go with the last. */
static bool has_all_packets(const struct writer *writer)
{
    const struct options *options = writer->options;
    return (options->count > 0 && writer->tally.packets >= options->count) ||
           (options->autostop.packets > 0 && writer->tally.packets >= options->autostop.packets) ||
           (is_last_file(writer) && file_has_all_packets(writer));
}

static bool has_much_waiting(const struct writer *writer)
{
    return (writer->text && writer->text->len > WAITING_MAX) ||
           (writer->capture && capture_pending(writer->capture) > WAITING_MAX);
}

void writer_add_path(struct writer *writer, const struct finished_path *path)
{
    if (has_all_packets(writer) || writer->failure < 0)
        return;
    if (writer->summary)
        summary_add(writer->summary, path);
    if (writer->capture)
        capture_add_packet(writer->capture, path, writer->lost_pending);
    writer->lost_pending = 0;
    count(writer, path);
    if (writer->text) {
        const struct text_options options = {.colour = writer->colour,
                                             .number = (uint32_t)writer->tally.packets};
        text_append_path(writer->text, path, &options);
    }
    if (file_has_all_packets(writer) && !is_last_file(writer))
        writer->failure = next_file(writer, writer->now_ns, &writer->error);
    else if (has_much_waiting(writer))
        writer->failure = hand_on(writer, &writer->error);
}

int writer_flush(struct writer *writer, bool now, uint64_t now_ns, struct error *error)
{
    bool late = now_ns - writer->flushed_ns >= FLUSH_NS;
    writer->now_ns = now_ns;
    if (writer->failure < 0)
        return error_set(error, -writer->failure, "%s", writer->error.text);
    if (writer->capture && (now || late))
        capture_flush_messages(writer->capture);
    int result = hand_on(writer, error);
    if (result < 0 || !writer->capture)
        return result;
    if (late)
        writer->flushed_ns = now_ns;
    const struct options *options = writer->options;
    if (options->has_ring && is_reached(&options->ring, seconds_between(writer->file_begin_ns, now_ns),
                                        output_size(writer->output), writer->file_packets)) {
        if (is_last_file(writer))
            return 0;
        result = writer->failure = next_file(writer, now_ns, &writer->error);
        if (result < 0)
            return error_set(error, -result, "%s", writer->error.text);
    }
    /* A pipe is somebody who waits; a file may wait for us. */
    if (result == 0 && (now || late || !output_is_regular(writer->output)))
        result = output_flush(writer->output, error);
    return result;
}

bool writer_is_full(const struct writer *writer, uint64_t now_ns)
{
    const struct options *options = writer->options;
    double seconds = seconds_between(writer->begin_ns, now_ns);
    uint64_t size = writer->output ? output_size(writer->output) : 0;
    return (options->count > 0 && writer->tally.packets >= options->count) ||
           is_reached(&options->autostop, seconds, size, writer->tally.packets) ||
           (is_last_file(writer) && is_reached(&options->ring, seconds_between(writer->file_begin_ns, now_ns),
                                               size, writer->file_packets));
}

int writer_reader_fd(const struct writer *writer)
{
    return writer->output ? output_reader_fd(writer->output) : STDOUT_FILENO;
}

int writer_lose_reader(struct writer *writer, struct error *error)
{
    if (writer->output)
        return output_lose_reader(writer->output, error);
    return error_set(error, EPIPE, "standard output: its reader has gone");
}

uint64_t writer_messages(const struct writer *writer)
{
    return writer->tally.messages;
}

uint64_t writer_packets(const struct writer *writer)
{
    return writer->tally.packets;
}

uint64_t writer_verdicts(const struct writer *writer, enum verdict verdict)
{
    return writer->tally.verdicts[verdict];
}

int writer_close(struct writer *writer, const struct backend_counts *counts, uint64_t now_ns,
                 struct error *error)
{
    int result = writer->failure < 0 ? error_set(error, -writer->failure, "%s", writer->error.text) : 0;
    struct backend_counts told =
        *counts; /* of the packets that were written: others end with the recording */
    told.incomplete = writer->tally.incomplete;
    told.ambiguous = writer->tally.ambiguous;
    if (writer->capture && writer->begun) {
        capture_flush_messages(writer->capture);
        recording_end_write(writer->capture, &writer->tally, &told, now_ns);
        capture_end_file(writer->capture, writer->file_begin_ns, now_ns, counts->lost);
    }
    if (writer->begun && result == 0)
        result = hand_on(writer, error);
    if (writer->text && writer->text->len > 0 && result == 0)
        result = print_text(writer, INTERRUPT_PATIENCE_MS, error);
    int closed = close_output(writer, result < 0 ? NULL : error);
    result = result < 0 ? result : closed;
    told.incomplete = writer->tally.incomplete;
    told.ambiguous = writer->tally.ambiguous;
    recording_end_report(&writer->tally, &told, writer->summary);
    writer_abandon(writer);
    return result;
}
