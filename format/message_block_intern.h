/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* The strings and rules of a message block that is being written: each is written once and found again by its
 * hash. Always compared by content, so that nothing depends on who owns a text, or for how long. */
#ifndef IPTRACE_FORMAT_MESSAGE_BLOCK_INTERN_H
#define IPTRACE_FORMAT_MESSAGE_BLOCK_INTERN_H

#include "format/message_block.h"

#define INTERN_SLOTS 8192 /* per table: a power of two, at least twice the number of entries */

struct intern_string {
    uint32_t hash;
    uint32_t offset, length; /* in `string_fields` */
};

struct intern_rule {
    uint32_t hash;
    uint8_t *memory; /* holds its strings */
    struct bytes prefix;
    struct step step; /* as step_shared() returns it */
};

/* Start with {0}. */
struct block_intern {
    struct wire_writer string_fields, rule_fields;
    size_t lines; /* bytes of all rules' lines: a reader assembles at most FORMAT_LINES_MAX of them */
    uint32_t string_count, rule_count;
    struct intern_string strings[MESSAGE_BLOCK_STRINGS_MAX];
    struct intern_rule rules[MESSAGE_BLOCK_RULES_MAX];
    uint16_t string_slots[INTERN_SLOTS], rule_slots[INTERN_SLOTS]; /* numbers; 0: free */
};

/* The number of the rule, which is written if it is new. Returns 0 and writes nothing if it is new and does
 * not fit: `room` is how many bytes it may take. */
uint32_t block_intern_rule(struct block_intern *intern, struct bytes prefix, const struct step *step,
                           size_t room);

/* Forgets everything but keeps the memory. */
void block_intern_reset(struct block_intern *intern);
void block_intern_done(struct block_intern *intern);

#endif
