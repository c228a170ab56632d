/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* All rules by family and table: those in force, those that recently were, and the times for which it is not
 * certain which were. Also which tables exist at all.
 *
 * Legacy iptables announces no change, so a change is only known to have happened between two times. Whoever
 * watches the rules calls rulebook_suspect() at the first sign that they may be changing, and
 * rulebook_settle() once it has read them again. Times are nanoseconds since the epoch, like those of the
 * messages. */
#ifndef IPTRACE_LEGACY_WALK_RULEBOOK_H
#define IPTRACE_LEGACY_WALK_RULEBOOK_H

#include "format/family.h"
#include "recorder/legacy/walk/queue_rule.h"
#include "recorder/legacy/walk/tables.h"

struct rulebook;

/* Nanoseconds since the epoch, both inclusive. */
struct interval {
    uint64_t from_ns, to_ns;
};

/* `keep_all`: rulesets that are no longer in force can still be found by their number, for replay. */
struct rulebook *rulebook_new(bool keep_all);
void rulebook_free(struct rulebook *book);

/* Sets which tables exist. `ours` are those of them that the recorder created itself, and in which nobody
 * else has anything. */
void rulebook_set_tables(struct rulebook *book, enum ip_family family, table_set exist, table_set ours);

/* False if that was never set: nothing may then be concluded from a table's silence. */
bool rulebook_knows_tables(const struct rulebook *book, enum ip_family family);
table_set rulebook_tables(const struct rulebook *book, enum ip_family family);
table_set rulebook_own_tables(const struct rulebook *book, enum ip_family family);

/* Whether a table has anything of the administrator's: a rule, a chain, or a policy other than ACCEPT. A
 * table whose rules are not known counts as having some, unless the recorder created it. */
bool rulebook_has_rules(const struct rulebook *book, enum ip_family family);

/* Puts a ruleset in force, replacing the one of its family and table; takes a reference. Its table must be
 * one of enum table, else it is not taken and the result is false. From then on its table exists. If the
 * family is under suspicion, the ruleset before counts as in force until the suspicion began. Of earlier
 * rulesets a table keeps about its own size or 1 MiB, whichever is more, and in any case the last one;
 * rulebook_then() is not sure of times whose rulesets were forgotten. */
bool rulebook_put(struct rulebook *book, struct ruleset *ruleset);

/* The same for a ruleset that came into force between the two times, whatever is under suspicion. */
bool rulebook_change(struct rulebook *book, struct ruleset *ruleset, struct interval change);

/* The ruleset in force; null if it is not known. Owned by the book. */
struct ruleset *rulebook_get(const struct rulebook *book, enum ip_family family, enum table table);

/* From `since_ns` on, the family's rules may differ from those in the book. If called again, the earliest
 * time counts. */
void rulebook_suspect(struct rulebook *book, enum ip_family family, uint64_t since_ns);

/* The rules in the book have been in force since `until_ns` at the latest, and the suspicion is over. */
void rulebook_settle(struct rulebook *book, enum ip_family family, uint64_t until_ns);

/* It is not known what was in force in a table until `until_ns`. */
void rulebook_forget(struct rulebook *book, enum ip_family family, enum table table, uint64_t until_ns);

/* Between the two times, a family's rules may have been different from any in the book: changed, and changed
 * back. */
void rulebook_doubt(struct rulebook *book, enum ip_family family, uint64_t from_ns, uint64_t to_ns);

/* True while the rules of an existing table are missing: the meaning of its messages is not known yet. */
bool rulebook_lacks_rules(const struct rulebook *book, enum ip_family family);

/* When the suspicion began; 0 if there is none. */
uint64_t rulebook_suspect_since(const struct rulebook *book, enum ip_family family);

/* Which rules were in force at some time between `from_ns` and `to_ns`. */
struct rules_then {
    struct ruleset *ruleset; /* null: not known */
    struct ruleset *other;   /* may have been in force as well; null: certainly no other */
    bool sure;               /* certainly no third ruleset was */
};
struct rules_then rulebook_then(const struct rulebook *book, enum ip_family family, enum table table,
                                uint64_t from_ns, uint64_t to_ns);

/* The queues that programs listen to, as read from /proc/net/netfilter/nfnetlink_queue between the two
 * times. */
void rulebook_set_queues(struct rulebook *book, const uint16_t *queues, size_t count, uint64_t begun_ns,
                         uint64_t ended_ns);

/* True if a reading before `from_ns`, one after `to_ns` and all between them found no listener on any of the
 * rule's queues. */
bool rulebook_was_deserted(const struct rulebook *book, const struct queue_rule *rule, uint64_t from_ns,
                           uint64_t to_ns);

/* Whether the namespace's routing may have dropped any packet since the recording began, according to its
 * counters; true until set otherwise. If it has not, a packet whose last rule was TPROXY was dropped by
 * TPROXY. */
void rulebook_set_routing_dropped(struct rulebook *book, bool dropped);
bool rulebook_routing_dropped(const struct rulebook *book);

/* Whether something other than legacy table nat may translate destinations of the family: in nftables, a
 * chain of type nat or a rule that writes payload. True until set otherwise. */
void rulebook_set_translation(struct rulebook *book, enum ip_family family, bool possible);
bool rulebook_may_translate(const struct rulebook *book, enum ip_family family);

/* With `keep_all`, the ruleset with that number in that capture; null if there is none. */
struct ruleset *rulebook_numbered(const struct rulebook *book, uint32_t capture_id, uint32_t number);

/* With `keep_all`, the rulesets that are no longer in force, by their number; without it, none. The caller
 * unrefs the array; the rulesets are the book's. */
GPtrArray *rulebook_former(const struct rulebook *book);

#endif
