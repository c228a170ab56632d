/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All rules by family and table: those in force, those that were in force a moment ago, and when it is not
 * sure which. And which tables exist at all.
 *
 * Legacy iptables announces no change, so a change is known only to have happened between two times. Whoever
 * watches says rulebook_suspect() at the first sign that rules may be changing, and rulebook_settle() once it
 * has read what they are now. Times are nanoseconds since the epoch, as the messages have them. */
#ifndef IPTRACE_LEGACY_WALK_RULEBOOK_H
#define IPTRACE_LEGACY_WALK_RULEBOOK_H

#include "format/family.h"
#include "recorder/legacy/walk/queue_rule.h"
#include "recorder/legacy/walk/tables.h"

struct rulebook;

/* Nanoseconds since the epoch, both included. */
struct interval {
    uint64_t from_ns, to_ns;
};

/* `keep_all`: rulesets that are no longer in force stay at hand by their number, for replay. */
struct rulebook *rulebook_new(bool keep_all);
void rulebook_free(struct rulebook *book);

/* Which tables exist. `ours` are those of them that the recorder made itself and that hold nothing of
 * anybody's. */
void rulebook_set_tables(struct rulebook *book, enum ip_family family, table_set exist, table_set ours);

/* False where it was never told: then nothing may be concluded from a table's silence. */
bool rulebook_knows_tables(const struct rulebook *book, enum ip_family family);
table_set rulebook_tables(const struct rulebook *book, enum ip_family family);
table_set rulebook_own_tables(const struct rulebook *book, enum ip_family family);

/* Whether a table has anything of the administrator's: a rule, a chain, or a policy other than ACCEPT. A
 * table whose rules are not known has, unless the recorder made it. */
bool rulebook_has_rules(const struct rulebook *book, enum ip_family family);

/* Puts a ruleset in force, in the place of the one of its family and table; takes a reference. Its table must
 * be one of enum table: else it is not taken and the answer is false. Its table exists from then on. Where
 * the family is under suspicion, the one before counts as in force until the suspicion began. Of what was in
 * force before, a table keeps about its own size, or 1 MiB where that is more, and the last in any case; what
 * was forgotten is nothing that rulebook_then() is sure of. */
bool rulebook_put(struct rulebook *book, struct ruleset *ruleset);

/* The same, where it came into force between the two times, whatever is suspected. */
bool rulebook_change(struct rulebook *book, struct ruleset *ruleset, struct interval change);

/* The ruleset in force; null where it is not known. Of the book. */
struct ruleset *rulebook_get(const struct rulebook *book, enum ip_family family, enum table table);

/* From `since_ns` on the family's rules may be others than the book has. Said again, the earliest time
 * counts. */
void rulebook_suspect(struct rulebook *book, enum ip_family family, uint64_t since_ns);

/* What the book has is in force since `until_ns` at the latest, and the suspicion is over. */
void rulebook_settle(struct rulebook *book, enum ip_family family, uint64_t until_ns);

/* What was in force in a table until `until_ns` is not known. */
void rulebook_forget(struct rulebook *book, enum ip_family family, enum table table, uint64_t until_ns);

/* Between the two times a family's rules may have been others than any that the book has: changed, and
 * changed back. */
void rulebook_doubt(struct rulebook *book, enum ip_family family, uint64_t from_ns, uint64_t to_ns);

/* True while there are no rules of a table that exists: what its messages mean is not known yet. */
bool rulebook_lacks_rules(const struct rulebook *book, enum ip_family family);

/* The beginning of the suspicion; 0 where there is none. */
uint64_t rulebook_suspect_since(const struct rulebook *book, enum ip_family family);

/* Which rules were in force at some time between `from_ns` and `to_ns`. */
struct rules_then {
    struct ruleset *ruleset; /* null: not known */
    struct ruleset *other;   /* may have been in force as well; null: for sure not */
    bool sure;               /* no third can have been */
};
struct rules_then rulebook_then(const struct rulebook *book, enum ip_family family, enum table table,
                                uint64_t from_ns, uint64_t to_ns);

/* A look at /proc/net/netfilter/nfnetlink_queue, between the two times: the queues that a program listens to. */
void rulebook_set_queues(struct rulebook *book, const uint16_t *queues, size_t count, uint64_t begun_ns,
                         uint64_t ended_ns);

/* True where a look before `from_ns`, one after `to_ns` and all between them saw nobody listen to any of the
 * rule's queues. */
bool rulebook_was_deserted(const struct rulebook *book, const struct queue_rule *rule, uint64_t from_ns,
                           uint64_t to_ns);

/* Whether anything that the namespace's routing counts as dropped may have been since the recording began;
 * true until somebody who reads those counters says no. Then a packet of which TPROXY was the last rule was
 * dropped by TPROXY. */
void rulebook_set_routing_dropped(struct rulebook *book, bool dropped);
bool rulebook_routing_dropped(const struct rulebook *book);

/* Whether something beside legacy table nat may translate destinations of the family: a chain of type nat, or
 * a rule that writes payload, in nftables. True until somebody who has looked says no. */
void rulebook_set_translation(struct rulebook *book, enum ip_family family, bool possible);
bool rulebook_may_translate(const struct rulebook *book, enum ip_family family);

/* A ruleset by its capture and its number in it, with `keep_all`; null where there is none. */
struct ruleset *rulebook_numbered(const struct rulebook *book, uint32_t capture_id, uint32_t number);

/* With `keep_all`, those of them that are no longer in force, by their number; without, none. The caller's to
 * unref; the rulesets are the book's. */
GPtrArray *rulebook_former(const struct rulebook *book);

#endif
