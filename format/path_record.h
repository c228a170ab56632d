/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The path record: all that is known of one packet's way, self-contained, carried by the packet's own block. */
#ifndef IPTRACE_FORMAT_PATH_RECORD_H
#define IPTRACE_FORMAT_PATH_RECORD_H

#include "format/path_cache.h"

/* What is said of the packet as a whole. */
struct path {
    uint64_t packet_id; /* capture id << 32 | number within the capture, from 1; also the epb_packetid */
    unsigned verdict;   /* enum verdict */
    unsigned reason;    /* enum reason */
    uint32_t decided;   /* number of the step that decided, from 1; 0: none is known to have */
    unsigned backend;   /* enum backend_id */
    bool incomplete;    /* messages of it were lost */
    bool ambiguous;     /* another packet's messages may be among its own */
    bool copy;          /* one of several copies; the shared steps are repeated */
    bool cut;           /* it had more steps than stand here; `steps` counts all */
    uint32_t steps;     /* number of steps */
    struct bytes netns; /* name of the network namespace, where several were recorded; else empty */
};

/* Path record bodies (without the envelope) are read in one pass: first the packet's own fields and the
 * strings, then the steps. Memory is asked for rule lines only, which a step holds in parts; all else points
 * into the record. */
struct path_reader {
    struct wire_reader reader;
    struct string_list strings;
    struct step_decoder decoder;
    struct bytes string_space[FORMAT_STRINGS_MAX];
    struct wire_field first_step;
    bool has_first_step;
};

/* False at damage. Then `ret_path` holds what could be read so far. */
bool path_reader_begin(struct path_reader *reader, struct bytes body, format_allocate_fn *allocate,
                       void *user, struct path *ret_path);

/* The next step and (unless null) the bytes it stands in; false after the last and at damage
 * (`reader->reader.bad` tells them apart). `*step` must be left as it came from the step before, zero before
 * the first. */
bool path_reader_next(struct path_reader *reader, struct step *step, struct bytes *ret_body);

/* Room to work in, kept between records so that writing one allocates nothing. Start with {0}. */
struct path_writer {
    struct wire_writer string_fields;
    struct wire_writer step_fields;
    struct string_collector strings;
    struct path_cache cache;
    struct cached_body bodies[PATH_CACHE_STEPS]; /* of the first steps, where they stand in `step_fields` */
};

void path_writer_done(struct path_writer *writer);

/* Appends envelope and body to `out`. Where the option would become too long it leaves out steps from the
 * end, never the one that decided, and says so in the record (`cut`). */
void path_record_write(struct wire_writer *out, struct path_writer *writer, const struct path *path,
                       const struct step *steps, size_t count);

#endif
