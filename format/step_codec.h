/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The encoding of a step: one serves the path record and the message block. Strings are stored once in the record or block
 * and are referred to by number. */
#ifndef IPTRACE_FORMAT_STEP_CODEC_H
#define IPTRACE_FORMAT_STEP_CODEC_H

#include "format/step.h"
#include "format/strings.h"

/* Bytes of all rule lines that a reader of a record or block has to assemble: bounds the reader's memory. */
#define FORMAT_LINES_MAX (1 << 20)

/* Finds or makes the number of a string. */
typedef uint32_t string_number_fn(void *user, struct bytes string);

/* Writes the steps of one record or block. */
struct step_encoder {
    string_number_fn *number;
    void *user;        /* of `number` */
    size_t lines_left; /* starts as FORMAT_LINES_MAX; once it is used up, lines are written whole */
};

/* Where the time is in the body of a step, or would be; the rest of the body does not depend on it. */
struct step_gap {
    uint32_t at, length;
};

/* Writes the body of a step. `before` is the step before it in the record, null for the first: what is the
 * same there is not written again. */
struct step_gap step_write(struct wire_writer *writer, const struct step *step, const struct step *before,
                           struct step_encoder *encoder);

/* Writes what belongs in the gap: nothing for a step without a time. */
void step_write_time(struct wire_writer *writer, const struct step *step, const struct step *before);

/* Returns memory that lives as long as what was read; never null. */
typedef void *format_allocate_fn(void *user, size_t size);

/* Reads the steps of one record or block. */
struct step_decoder {
    const struct string_list *strings;
    format_allocate_fn *allocate;
    void *user;        /* of `allocate` */
    size_t lines_left; /* starts as FORMAT_LINES_MAX; more is damage */
};

/* Reads the body of a step. `*step` comes in as the step before it, zero for the first. The result points
 * into the record and into memory that the decoder allocated. False on damage. */
bool step_read(struct bytes body, struct step_decoder *decoder, struct step *step);

#endif
