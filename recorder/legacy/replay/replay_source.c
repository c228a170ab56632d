/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* TRACE messages from a file: records of link type NFLOG, or the message blocks of our own captures. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "format/envelope.h"
#include "recorder/input/capture_file.h"
#include "recorder/input/link_type.h"
#include "recorder/input/pcap_reader.h"
#include "recorder/input/pcapng_reader.h"
#include "recorder/legacy/nflog/loss.h"
#include "recorder/legacy/nflog/nflog_message.h"
#include "recorder/legacy/replay/own_capture.h"
#include "recorder/legacy/replay/replay_source.h"
#include "recorder/legacy/walk/interface_text.h"
#include "recorder/legacy/walk/prefix.h"

#define DRAIN_MAX     4096      /* records in one call, … */
#define DRAIN_BYTES   (1 << 20) /* … and bytes of the file */
#define LENGTH_MAX    131072    /* of a record that may be a message */
#define FILE_HEAD_MIN 4

enum replay_state { REPLAY_READING, REPLAY_FINISHING, REPLAY_ENDED };

struct replay_source {
    struct source source;
    struct capture_file file;
    bool pcapng;
    struct pcap_reader pcap;
    struct pcapng_reader reader;
    struct own_captures *own;
    enum replay_state state;
    struct source_stats stats;
    /* Of NFLOG records: */
    struct loss loss;
    uint64_t number;
    uint64_t lost_before;
    uint64_t now_ns;
    /* What there was, for the sentence where nothing of it was of use. */
    bool useful;
    bool has_other;
    uint32_t other_link_type;
};

static struct replay_source *replay_source(struct source *source)
{
    return (struct replay_source *)source;
}

/* ---- Records of link type NFLOG ---- */

/* The file's byte order is the capturing host's unless some tool has rewritten the one and not the other. */
static bool parse_record(struct bytes data, bool swapped, bool cut, struct message *ret_message)
{
    if (data.length > LENGTH_MAX)
        return false;
    for (unsigned attempt = 0; attempt < 2; attempt++, swapped = !swapped) {
        bool sound = nflog_message_parse(data, swapped, ret_message, NULL);
        /* A record that was cut on purpose ends within its payload, which comes last. */
        if (sound || (cut && message_has(ret_message, MESSAGE_PREFIX)))
            return true;
    }
    return false;
}

static void take_record(struct replay_source *replay, const struct source_sink *sink, struct bytes data,
                        bool swapped, bool cut, uint64_t time_ns)
{
    struct event event = {0};
    struct interface_texts texts;
    struct prefix prefix;
    uint64_t value;
    if (!parse_record(data, swapped, cut, &event.message)) {
        replay->stats.malformed++;
        return;
    }
    if (message_get_uint(&event.message, MESSAGE_SEQ, 0, 4, &value)) {
        uint64_t lost = loss_sequence(&replay->loss, (uint32_t)value);
        replay->lost_before += lost;
        replay->stats.lost += lost;
    }
    struct bytes text = message_get_prefix(&event.message);
    if (!prefix_parse(text, &prefix)) {
        replay->stats.foreign++;
        if (sink->foreign)
            sink->foreign(sink->user, text);
        return;
    }
    if (time_ns == 0 && message_get_time_us(&event.message, &value))
        time_ns = value * 1000;
    if (time_ns > 0)
        replay->now_ns = time_ns;
    replay->number += replay->lost_before + 1;
    event.message.number = replay->number;
    event.lost_before = replay->lost_before;
    event.received_ns = replay->now_ns;
    replay->lost_before = 0;
    replay->stats.messages++;
    interface_texts_set(&texts, &event, NULL);
    if (sink->event)
        sink->event(sink->user, &event);
}

static void take_packet(struct replay_source *replay, const struct source_sink *sink, uint32_t link_type,
                        struct bytes data, bool swapped, bool cut, uint64_t time_ns)
{
    if (link_type == LINK_TYPE_NFLOG) {
        replay->useful = true;
        take_record(replay, sink, data, swapped, cut, time_ns);
    } else {
        replay->has_other = true;
        replay->other_link_type = link_type;
    }
}

/* ---- The file ---- */

static int read_pcap_record(struct replay_source *replay, const struct source_sink *sink, struct error *error)
{
    struct bytes window = capture_file_window(&replay->file), rest = window;
    struct pcap_record record;
    size_t wanted;
    switch (pcap_reader_next(&replay->pcap, &rest, &record, &wanted)) {
    case PCAP_RECORD:
        take_packet(replay, sink, replay->pcap.link_type, record.data, replay->pcap.swapped, record.cut,
                    record.time_ns);
        capture_file_take(&replay->file, window.length - rest.length);
        return 0;
    case PCAP_DAMAGE:
        replay->stats.malformed++;
        replay->state = REPLAY_FINISHING;
        return 0;
    case PCAP_MORE:
        break;
    }
    if (replay->file.ended) {
        replay->stats.cut = window.length > 0;
        replay->state = REPLAY_FINISHING;
        return 0;
    }
    return capture_file_fill(&replay->file, wanted, false, error);
}

/* The value of a field of a journal entry, `NAME=value` on a line of its own; empty where there is none. */
static struct bytes journal_value(struct bytes entry, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at < entry.length;) {
        const uint8_t *line = entry.data + at;
        const uint8_t *end = memchr(line, '\n', entry.length - at);
        size_t line_length = end ? (size_t)(end - line) : entry.length - at;
        if (line_length > length && memcmp(line, name, length) == 0 && line[length] == '=')
            return (struct bytes){line + length + 1, line_length - length - 1};
        at += line_length + 1;
    }
    return (struct bytes){0};
}

/* The entry with which a recording of ours stopped tells until when nothing more came. */
static void take_journal(struct replay_source *replay, struct bytes entry)
{
    struct bytes event = journal_value(entry, "IPTRACE_EVENT");
    struct bytes time = journal_value(entry, "__REALTIME_TIMESTAMP");
    char text[24] = "";
    if (!bytes_equal(event, BYTES("stop")) || time.length == 0 || time.length >= sizeof text)
        return;
    memcpy(text, time.data, time.length);
    uint64_t time_us;
    if (g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX / 1000, &time_us, NULL))
        replay->stats.end_ns = MAX(replay->stats.end_ns, time_us * 1000);
}

static void take_block(struct replay_source *replay, const struct source_sink *sink,
                       const struct pcapng_reader_block *block)
{
    struct pcapng_reader_packet packet;
    uint32_t enterprise;
    switch (block->type) {
    case PCAPNG_CUSTOM_BLOCK:
        if (!pcapng_reader_uint32(&replay->reader, block->body, 0, &enterprise))
            replay->stats.malformed++;
        else if (enterprise == IPTRACE_PEN)
            own_captures_block(replay->own, (struct bytes){block->body.data + 4, block->body.length - 4},
                               sink, &replay->stats);
        break;
    case PCAPNG_OLD_PACKET:
    case PCAPNG_SIMPLE_PACKET:
    case PCAPNG_ENHANCED_PACKET:
        if (pcapng_reader_packet(&replay->reader, block, &packet))
            take_packet(replay, sink, packet.link_type, packet.data, replay->reader.swapped, packet.cut,
                        packet.time_ns);
        else
            replay->stats.malformed++;
        break;
    case PCAPNG_JOURNAL:
        take_journal(replay, block->body);
        break;
    default:
        if (!pcapng_reader_note(&replay->reader, block))
            replay->stats.malformed++;
    }
}

static int read_pcapng_block(struct replay_source *replay, const struct source_sink *sink,
                             struct error *error)
{
    struct bytes window = capture_file_window(&replay->file), rest = window;
    struct pcapng_reader_block block;
    size_t wanted = 0;
    enum pcapng_status status =
        pcapng_reader_next(&replay->reader, &rest, replay->file.ended, &block, &wanted);
    if (status == PCAPNG_BLOCK)
        take_block(replay, sink, &block);
    capture_file_take(&replay->file, window.length - rest.length);
    if (status == PCAPNG_MORE)
        return capture_file_fill(&replay->file, wanted, false, error);
    if (status == PCAPNG_DAMAGE)
        replay->stats.malformed++;
    if (status == PCAPNG_CUT)
        replay->stats.cut = true;
    if (status == PCAPNG_CUT || status == PCAPNG_END)
        replay->state = REPLAY_FINISHING;
    return 0;
}

static int nothing_of_use(const struct replay_source *replay, struct error *error)
{
    unsigned version = own_captures_foreign_version(replay->own);
    char name[LINK_TYPE_NAME_SIZE];
    if (version > 0)
        return error_set(error, ENOMSG,
                         "%s has blocks of format version %u, but this program only knows version %d: a "
                         "newer iptrace-record is needed",
                         replay->file.name, version, IPTRACE_FORMAT_VERSION);
    link_type_name(replay->other_link_type, name);
    if (replay->other_link_type == LINK_TYPE_RAW || replay->other_link_type == LINK_TYPE_DLT_RAW)
        return error_set(error, ENOMSG,
                         "%s has packets of link type %s, but no TRACE messages: expected a capture of link "
                         "type NFLOG, or one that iptrace-record wrote with its Custom Blocks",
                         replay->file.name, name);
    return error_set(error, ENOMSG,
                     "%s has packets of link type %s: expected NFLOG (as 'tcpdump -i nflog:0 -w' writes) or "
                     "a capture made by iptrace-record",
                     replay->file.name, name);
}

static int finish(struct replay_source *replay, const struct source_sink *sink, struct error *error)
{
    if (!own_captures_finish(replay->own, DRAIN_MAX, sink, &replay->stats))
        return SOURCE_MORE;
    replay->state = REPLAY_ENDED;
    bool for_nothing = replay->has_other || own_captures_foreign_version(replay->own) > 0;
    if (!replay->useful && replay->stats.messages == 0 && for_nothing)
        return nothing_of_use(replay, error);
    return SOURCE_END;
}

static int replay_drain(struct source *source, const struct source_sink *sink, struct error *error)
{
    struct replay_source *replay = replay_source(source);
    uint64_t begin = replay->file.taken;
    for (unsigned i = 0; i < DRAIN_MAX && replay->file.taken - begin < DRAIN_BYTES; i++) {
        if (replay->state == REPLAY_ENDED)
            return SOURCE_END;
        if (replay->state == REPLAY_FINISHING)
            return finish(replay, sink, error);
        int ret =
            replay->pcapng ? read_pcapng_block(replay, sink, error) : read_pcap_record(replay, sink, error);
        if (ret == -EAGAIN)
            return SOURCE_WAIT;
        if (ret < 0)
            return ret;
    }
    return SOURCE_MORE;
}

static int replay_fd(const struct source *source)
{
    const struct replay_source *replay = (const struct replay_source *)source;
    return replay->file.regular || replay->state != REPLAY_READING ? -1 : replay->file.fd;
}

static void replay_stats(struct source *source, struct source_stats *ret_stats)
{
    *ret_stats = replay_source(source)->stats;
}

static double replay_progress(const struct source *source)
{
    const struct replay_source *replay = (const struct replay_source *)source;
    if (replay->state == REPLAY_ENDED)
        return 1;
    if (replay->file.size == 0)
        return -1;
    double done = (double)replay->file.taken / (double)replay->file.size;
    return done < 1 ? done : 1;
}

static void replay_close(struct source *source)
{
    struct replay_source *replay = replay_source(source);
    own_captures_free(replay->own);
    pcapng_reader_done(&replay->reader);
    capture_file_close(&replay->file);
    g_free(replay);
}

static const struct source_ops replay_ops = {
    .name = "replay",
    .drain = replay_drain,
    .fd = replay_fd,
    .stats = replay_stats,
    .progress = replay_progress,
    .close = replay_close,
};

/* ---- Opening ---- */

static int no_capture(const struct capture_file *file, struct bytes head, struct error *error)
{
    if (head.length == 0)
        return error_set(error, EINVAL, "%s is empty: expected a capture file", file->name);
    if (head.length >= 2 && head.data[0] == 0x1f && head.data[1] == 0x8b)
        return error_set(error, EINVAL, "%s is compressed with gzip: decompress it first", file->name);
    if (head.length >= 4 && memcmp(head.data, "\x28\xb5\x2f\xfd", 4) == 0)
        return error_set(error, EINVAL, "%s is compressed with zstd: decompress it first", file->name);
    char found[3 * FILE_HEAD_MIN + 1] = "";
    for (size_t i = 0; i < head.length && i < FILE_HEAD_MIN; i++)
        g_snprintf(found + 3 * i, 4, " %02x", head.data[i]);
    return error_set(error, EINVAL, "%s begins with%s, so it is not a capture file: expected pcapng or pcap",
                     file->name, found);
}

/* Looks at the first bytes. */
static int recognise(struct replay_source *replay, struct error *error)
{
    struct capture_file *file = &replay->file;
    int ret = capture_file_fill(file, PCAP_HEADER_LENGTH, true, error);
    if (ret < 0)
        return ret;
    struct bytes head = capture_file_window(file);
    static const uint8_t section[] = {0x0a, 0x0d, 0x0d, 0x0a};
    replay->pcapng = head.length >= sizeof section && memcmp(head.data, section, sizeof section) == 0;
    if (replay->pcapng)
        return 0;
    if (!pcap_reader_begin(&replay->pcap, head))
        return no_capture(file, head, error);
    capture_file_take(file, PCAP_HEADER_LENGTH);
    replay->useful = replay->pcap.link_type == LINK_TYPE_NFLOG;
    if (replay->useful)
        return 0;
    replay->other_link_type = replay->pcap.link_type;
    return nothing_of_use(replay, error);
}

int replay_source_open(struct source **ret_source, const char *path, struct error *error)
{
    struct replay_source *replay = g_new0(struct replay_source, 1);
    replay->source.ops = &replay_ops;
    replay->file.fd = -1;
    replay->own = own_captures_new();
    int ret = capture_file_open(&replay->file, path, error);
    if (ret == 0)
        ret = recognise(replay, error);
    if (ret < 0) {
        replay_close(&replay->source);
        return ret;
    }
    *ret_source = &replay->source;
    return 0;
}
