/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strings and rules of a message block that is being written: each is written once and found again by its
 * hash. Compared by content always, so that nothing depends on who owns a text, or for how long. */
#ifndef IPTRACE_FORMAT_MESSAGE_BLOCK_INTERN_H
#define IPTRACE_FORMAT_MESSAGE_BLOCK_INTERN_H

#include "format/message_block.h"

#define INTERN_SLOTS 8192 /* of each table; more than twice the entries, a power of two */

struct intern_string {
    uint32_t hash;
    uint32_t offset, length; /* in `string_fields` */
};

struct intern_rule {
    uint32_t hash;
    uint8_t *memory; /* where its strings stand */
    struct bytes prefix;
    struct step step; /* as step_shared() has it */
};

/* Start with {0}. */
struct block_intern {
    struct wire_writer string_fields, rule_fields;
    size_t lines; /* bytes of all rules' lines: a reader puts together FORMAT_LINES_MAX of them */
    uint32_t string_count, rule_count;
    struct intern_string strings[MESSAGE_BLOCK_STRINGS_MAX];
    struct intern_rule rules[MESSAGE_BLOCK_RULES_MAX];
    uint16_t string_slots[INTERN_SLOTS], rule_slots[INTERN_SLOTS]; /* numbers; 0: free */
};

/* The number of the rule, which is written when it is new. 0, and nothing written, where it is new and there
 * is no room for it: `room` is the bytes that it may take. */
uint32_t block_intern_rule(struct block_intern *intern, struct bytes prefix, const struct step *step,
                           size_t room);

/* Forgets all, keeps the memory. */
void block_intern_reset(struct block_intern *intern);
void block_intern_done(struct block_intern *intern);

#endif
