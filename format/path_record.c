/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The path record: reading and writing. */
#include "format/path_record.h"

#include "format/envelope.h"

/* Field numbers: docs/format.md, "Path record". */
enum {
    PATH_FIELD_PACKET_ID = 1,
    PATH_FIELD_VERDICT = 2,
    PATH_FIELD_REASON = 3,
    PATH_FIELD_DECIDED = 4,
    PATH_FIELD_FLAGS = 5,
    PATH_FIELD_BACKEND = 6,
    PATH_FIELD_STEPS = 7,
    PATH_FIELD_NETNS = 8,
    PATH_FIELD_STRING = 9,
    PATH_FIELD_STEP = 10,
};

enum {
    PATH_FLAG_INCOMPLETE = 1 << 0,
    PATH_FLAG_AMBIGUOUS = 1 << 1,
    PATH_FLAG_COPY = 1 << 2,
    PATH_FLAG_CUT = 1 << 3,
};

/* The option also holds the enterprise number, the envelope and the packet's own fields. */
#define PATH_BODY_MAX (PCAPNG_OPTION_MAX - 4 - 512)

bool path_reader_begin(struct path_reader *reader, struct bytes body, format_allocate_fn *allocate,
                       void *user, struct path *ret_path)
{
    reader->reader = wire_reader_of(body);
    reader->strings =
        (struct string_list){.at = reader->string_space, .count = 0, .capacity = FORMAT_STRINGS_MAX};
    reader->decoder = (struct step_decoder){
        .strings = &reader->strings, .allocate = allocate, .user = user, .lines_left = FORMAT_LINES_MAX};
    reader->has_first_step = false;

    struct wire_reader *wire = &reader->reader;
    struct wire_field field;
    uint64_t flags = 0;
    *ret_path = (struct path){0};
    while (!reader->has_first_step && wire_read_field(wire, &field)) {
        switch (field.number) {
        case PATH_FIELD_PACKET_ID:
            ret_path->packet_id = wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_VERDICT:
            ret_path->verdict = (unsigned)wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_REASON:
            ret_path->reason = (unsigned)wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_DECIDED:
            ret_path->decided = (uint32_t)wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_FLAGS:
            flags = wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_BACKEND:
            ret_path->backend = (unsigned)wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_STEPS:
            ret_path->steps = (uint32_t)wire_read_uint(wire, &field);
            break;
        case PATH_FIELD_NETNS:
            ret_path->netns = wire_read_bytes(wire, &field);
            break;
        case PATH_FIELD_STRING:
            if (reader->strings.count == reader->strings.capacity)
                wire->bad = true;
            else
                reader->strings.at[reader->strings.count++] = wire_read_bytes(wire, &field);
            break;
        case PATH_FIELD_STEP:
            reader->first_step = field;
            reader->has_first_step = true;
            break;
        }
    }
    ret_path->incomplete = flags & PATH_FLAG_INCOMPLETE;
    ret_path->ambiguous = flags & PATH_FLAG_AMBIGUOUS;
    ret_path->copy = flags & PATH_FLAG_COPY;
    ret_path->cut = flags & PATH_FLAG_CUT;
    return !wire->bad;
}

bool path_reader_next(struct path_reader *reader, struct step *step, struct bytes *ret_body)
{
    struct wire_reader *wire = &reader->reader;
    struct wire_field field;
    if (reader->has_first_step) {
        field = reader->first_step;
        reader->has_first_step = false;
    } else {
        do {
            if (!wire_read_field(wire, &field))
                return false;
        } while (field.number != PATH_FIELD_STEP);
    }
    struct bytes body = wire_read_bytes(wire, &field);
    if (wire->bad || !step_read(body, &reader->decoder, step)) {
        wire->bad = true;
        return false;
    }
    if (ret_body)
        *ret_body = body;
    return true;
}

static uint32_t collect(void *user, struct bytes string)
{
    return string_collector_number(user, string);
}

static bool has_room(const struct path_writer *writer, size_t room)
{
    return writer->string_fields.length + writer->step_fields.length + room <= PATH_BODY_MAX &&
           writer->strings.count + 2 * STEP_STRINGS_MAX <= FORMAT_STRINGS_MAX;
}

static struct cached_body write_step(struct path_writer *writer, const struct step *step,
                                     const struct step *before, struct step_encoder *encoder)
{
    struct wire_writer *out = &writer->step_fields;
    size_t begin = wire_write_begin(out, PATH_FIELD_STEP);
    struct cached_body body = {.time = step_write(out, step, before, encoder)};
    body.length = (uint32_t)(out->length - begin);
    wire_write_end(out, begin); /* which may move it */
    body.at = (uint32_t)out->length - body.length;
    return body;
}

/* Writes the steps that fit; returns how many, and the number that the deciding one has among them. */
static size_t write_steps(struct path_writer *writer, const struct step *steps, size_t count,
                          uint32_t *decided)
{
    size_t kept_room = *decided > 0 ? step_room(&steps[*decided - 1]) : 0;
    struct step_encoder encoder = {
        .number = collect, .user = &writer->strings, .lines_left = FORMAT_LINES_MAX};
    const struct step *before = NULL;
    size_t written = 0;
    while (written < count && has_room(writer, step_room(&steps[written]) + kept_room)) {
        struct cached_body body = write_step(writer, &steps[written], before, &encoder);
        if (written < PATH_CACHE_STEPS)
            writer->bodies[written] = body;
        before = &steps[written++];
    }
    if (*decided > written) {
        write_step(writer, &steps[*decided - 1], before, &encoder);
        *decided = (uint32_t)++written;
    }
    return written;
}

/* The steps of a way that is kept: all of them fit. */
static void write_cached(struct path_writer *writer, const struct cached_path *cached,
                         const struct step *steps)
{
    struct wire_writer *out = &writer->step_fields;
    wire_write_raw(&writer->string_fields, cached->strings.data, cached->strings.length);
    for (size_t i = 0; i < cached->count; i++) {
        size_t begin = wire_write_begin(out, PATH_FIELD_STEP);
        path_cache_write_body(cached, i, steps, out);
        wire_write_end(out, begin);
    }
}

static size_t write_way(struct path_writer *writer, const struct step *steps, size_t count, uint32_t *decided)
{
    struct cached_path *slot;
    const struct cached_path *cached = path_cache_find(&writer->cache, steps, count, &slot);
    if (cached) {
        write_cached(writer, cached, steps);
        return count;
    }
    size_t written = write_steps(writer, steps, count, decided);
    if (slot && written == count)
        path_cache_keep(slot, steps, count,
                        (struct bytes){writer->string_fields.data, writer->string_fields.length},
                        (struct bytes){writer->step_fields.data, writer->step_fields.length}, writer->bodies);
    return written;
}

void path_writer_done(struct path_writer *writer)
{
    path_cache_done(&writer->cache);
    wire_writer_done(&writer->string_fields);
    wire_writer_done(&writer->step_fields);
}

void path_record_write(struct wire_writer *out, struct path_writer *writer, const struct path *path,
                       const struct step *steps, size_t count)
{
    /* A reader must meet the strings before the steps that use them, and we meet the steps first: both are
     * collected apart and joined at the end. */
    writer->string_fields.length = 0;
    writer->step_fields.length = 0;
    writer->strings.writer = &writer->string_fields;
    writer->strings.field = PATH_FIELD_STRING;
    writer->strings.count = 0;
    uint32_t decided = path->decided <= count ? path->decided : 0;
    bool cut = write_way(writer, steps, count, &decided) < path->steps || path->cut;

    uint32_t flags = (path->incomplete ? PATH_FLAG_INCOMPLETE : 0) |
                     (path->ambiguous ? PATH_FLAG_AMBIGUOUS : 0) | (path->copy ? PATH_FLAG_COPY : 0) |
                     (cut ? PATH_FLAG_CUT : 0);
    envelope_write(out, ENVELOPE_PATH);
    wire_write_fixed64(out, PATH_FIELD_PACKET_ID, path->packet_id);
    wire_write_uint(out, PATH_FIELD_VERDICT, path->verdict);
    wire_write_uint(out, PATH_FIELD_REASON, path->reason);
    if (decided > 0)
        wire_write_uint(out, PATH_FIELD_DECIDED, decided);
    if (flags != 0)
        wire_write_uint(out, PATH_FIELD_FLAGS, flags);
    wire_write_uint(out, PATH_FIELD_BACKEND, path->backend);
    wire_write_uint(out, PATH_FIELD_STEPS, path->steps);
    if (path->netns.length > 0)
        wire_write_bytes(out, PATH_FIELD_NETNS, bytes_cut(path->netns, FORMAT_NETNS_MAX));
    wire_write_raw(out, writer->string_fields.data, writer->string_fields.length);
    wire_write_raw(out, writer->step_fields.data, writer->step_fields.length);
}
