/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rules that are in force, by family and table, and which tables exist at all. */
#ifndef IPTRACE_CORE_RULEBOOK_H
#define IPTRACE_CORE_RULEBOOK_H

#include "recorder/core/ruleset.h"
#include "recorder/core/tables.h"

struct rulebook;

/* `keep_all`: rulesets that are no longer in force stay at hand by their number, for replay. */
struct rulebook *rulebook_new(bool keep_all);
void rulebook_free(struct rulebook *book);

/* Which tables exist. `ours` are those of them that the recorder made itself and that hold nothing of
 * anybody's. */
void rulebook_set_tables(struct rulebook *book, unsigned family, table_set exist, table_set ours);

/* False where it was never told: then nothing may be concluded from a table's silence. */
bool rulebook_knows_tables(const struct rulebook *book, unsigned family);
table_set rulebook_tables(const struct rulebook *book, unsigned family);
table_set rulebook_own_tables(const struct rulebook *book, unsigned family);

/* Puts a ruleset in force, in the place of the one of its family and table; takes a reference. Its table must
 * be one of enum table: else it is not taken and the answer is false. Its table exists from then on. */
bool rulebook_put(struct rulebook *book, struct ruleset *ruleset);

/* The ruleset in force; null where it is not known. Of the book. */
struct ruleset *rulebook_get(const struct rulebook *book, unsigned family, enum table table);

/* A ruleset by its capture and its number in it, with `keep_all`; null where there is none. */
struct ruleset *rulebook_numbered(const struct rulebook *book, uint32_t capture_id, uint32_t number);

#endif
