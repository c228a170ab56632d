/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The path record: all that is known of one packet's path, self-contained, carried by the packet's own
 * block. */
#ifndef IPTRACE_FORMAT_PATH_RECORD_H
#define IPTRACE_FORMAT_PATH_RECORD_H

#include "format/path_cache.h"

/* What is known of the packet as a whole. */
struct path {
    uint64_t packet_id; /* capture id << 32 | number within the capture, from 1; also the epb_packetid */
    unsigned verdict;   /* enum verdict */
    unsigned reason;    /* enum reason */
    uint32_t decided;   /* number of the step that decided, from 1; 0: it is not known that any did */
    unsigned backend;   /* enum backend_id */
    bool incomplete;    /* some of its messages were lost */
    bool ambiguous;     /* another packet's messages may be among its own */
    bool copy;          /* one of several copies, each of which repeats the shared steps */
    bool cut;           /* it had more steps than the record holds; `steps` counts all */
    uint32_t steps;     /* number of steps */
    struct bytes netns; /* name of the network namespace if several were recorded; else empty */
};

/* Path record bodies (without the envelope) are read in one pass: first the packet's own fields and the
 * strings, then the steps. Memory is allocated for rule lines only, which a step holds in parts; all else
 * points into the record. */
struct path_reader {
    struct wire_reader reader;
    struct string_list strings;
    struct step_decoder decoder;
    struct bytes string_space[FORMAT_STRINGS_MAX];
    struct wire_field first_step;
    bool has_first_step;
};

/* False on damage; `ret_path` then holds what could be read so far. */
bool path_reader_begin(struct path_reader *reader, struct bytes body, format_allocate_fn *allocate,
                       void *user, struct path *ret_path);

/* The next step and (unless `ret_body` is null) the bytes that encode it; false after the last and on damage
 * (`reader->reader.bad` tells which). `*step` must still hold the step before, or zero for the first. */
bool path_reader_next(struct path_reader *reader, struct step *step, struct bytes *ret_body);

/* Scratch memory, kept between records so that writing one allocates nothing. Start with {0}. */
struct path_writer {
    struct wire_writer string_fields;
    struct wire_writer step_fields;
    struct string_collector strings;
    struct path_cache cache;
    struct cached_body bodies[PATH_CACHE_STEPS]; /* where the first steps are in `step_fields` */
};

void path_writer_done(struct path_writer *writer);

/* Appends envelope and body to `out`. If the option would become too long, steps are left out from the end,
 * but never the one that decided, and the record says so (`cut`). */
void path_record_write(struct wire_writer *out, struct path_writer *writer, const struct path *path,
                       const struct step *steps, size_t count);

#endif
