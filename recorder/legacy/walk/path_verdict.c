/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* How a path ended, judged by the last message that was seen of it. */
#include "recorder/legacy/walk/path.h"
#include "recorder/legacy/walk/queue_rule.h"

static struct path_end end_of(enum verdict verdict, enum reason reason, uint32_t decided)
{
    return (struct path_end){verdict, reason, decided};
}

static enum reason rule_or_policy(const struct annotation *annotation)
{
    return annotation->meaning.kind == MEANING_POLICY ? REASON_POLICY : REASON_RULE;
}

static uint32_t last_number(const struct path_entry *path)
{
    return (uint32_t)message_log_count(path->log);
}

/* All tables that must speak have accepted. The step that ended table filter decided, or where there is none,
 * the last one; where filter's messages were lost, nobody knows which. */
static struct path_end accepted(const struct path_entry *path, const struct rulebook *book)
{
    /* Whoever made the tables: an empty one lets everything pass, and may be there because somebody looked. */
    if (!rulebook_has_rules(book, path->family))
        return end_of(VERDICT_UNKNOWN, REASON_NO_TABLES, 0);
    bool filter_spoke = rulebook_tables(book, path->family) >> TABLE_FILTER & 1;
    uint32_t decided = filter_spoke ? path->filter_end : last_number(path);
    if (decided == 0)
        return end_of(VERDICT_ACCEPT, REASON_LOST, 0);
    if (message_log_annotation(path->log, decided - 1)->stale)
        return end_of(VERDICT_ACCEPT, REASON_RULES_CHANGED, 0);
    if (path->visit.action == ACTION_NAT)
        return end_of(VERDICT_ACCEPT, REASON_NAT, decided);
    return end_of(VERDICT_ACCEPT, rule_or_policy(message_log_annotation(path->log, decided - 1)), decided);
}

static enum reason vanished(const struct path_entry *path, enum expectation expectation)
{
    struct spot at = path->visit.spot;
    if (expectation == EXPECT_HOOK)
        return at.table == TABLE_RAW ? REASON_VANISHED_CONNTRACK : REASON_VANISHED_HOOK;
    return at.hook == HOOK_PREROUTING ? REASON_VANISHED_ROUTING : REASON_VANISHED_OUTPUT;
}

/* The verdict of what is seen to be over, whatever was lost before; false where it is not seen. */
static bool seen_end(const struct path_entry *path, const struct rulebook *book, struct path_end *ret_end)
{
    const struct visit *visit = &path->visit;
    const struct annotation *last = message_log_annotation(path->log, last_number(path) - 1);
    if (visit->state == VISIT_DROPPED) {
        *ret_end = visit->action == ACTION_REJECT
                       ? end_of(VERDICT_REJECT, REASON_RULE, last_number(path))
                       : end_of(VERDICT_DROP, rule_or_policy(last), last_number(path));
        return true;
    }
    if (visit->state != VISIT_ACCEPTED || !rulebook_knows_tables(book, path->family))
        return false;
    enum expectation expectation = spot_expects(visit->spot, rulebook_tables(book, path->family));
    bool at_the_end = visit->spot.hook == HOOK_INPUT || visit->spot.hook == HOOK_POSTROUTING;
    if (expectation == EXPECT_HOOK || expectation == EXPECT_LATER ||
        (expectation == EXPECT_MAYBE && path->end_lost) || (visit->action == ACTION_NAT && !at_the_end))
        return false;
    *ret_end = accepted(path, book);
    return true;
}

bool path_is_final(const struct path_entry *path, const struct rulebook *book)
{
    const struct visit *visit = &path->visit;
    if (visit->state == VISIT_DROPPED)
        return true;
    return visit->state == VISIT_ACCEPTED && rulebook_knows_tables(book, path->family) &&
           spot_expects(visit->spot, rulebook_tables(book, path->family)) == EXPECT_NOTHING;
}

/* NFQUEUE was its last rule. Where it is seen that nobody listened to the queue, the kernel has dropped it,
 * or with
 * --queue-bypass let it pass. Where the recording ends, it is in a program's hands; else nobody knows what
 * that did. */
static struct path_end queued(const struct path_entry *path, const struct rulebook *book, bool stopped)
{
    const struct annotation *last = message_log_annotation(path->log, last_number(path) - 1);
    enum expectation expects = spot_expects(path->visit.spot, rulebook_tables(book, path->family));
    struct queue_rule rule;
    bool deserted = queue_rule_of(&last->meaning, &rule) &&
                    rulebook_was_deserted(book, &rule, last->from_ns, last->to_ns);
    if (deserted && !rule.bypass)
        return end_of(VERDICT_DROP, REASON_QUEUE, last_number(path));
    if (deserted && (expects == EXPECT_NOTHING || expects == EXPECT_MAYBE))
        return accepted(path, book);
    if (deserted && !path->evicted && !stopped)
        return end_of(VERDICT_UNKNOWN, vanished(path, expects), 0);
    if (stopped && !path->evicted)
        return end_of(VERDICT_QUEUE, REASON_RULE, last_number(path));
    return end_of(VERDICT_UNKNOWN, REASON_QUEUE, 0);
}

struct path_end path_verdict(const struct path_entry *path, const struct rulebook *book, bool stopped)
{
    const struct visit *visit = &path->visit;
    struct path_end end;
    if (message_log_annotation(path->log, last_number(path) - 1)->stale)
        return end_of(VERDICT_UNKNOWN, REASON_RULES_CHANGED, 0);
    if (seen_end(path, book, &end))
        return end;
    if (visit->state == VISIT_QUEUED && !path->incomplete)
        return queued(path, book, stopped);
    if (path->incomplete)
        return end_of(VERDICT_UNKNOWN, REASON_LOST, 0);
    if (path->evicted)
        return end_of(VERDICT_UNKNOWN, REASON_EVICTED, 0);
    const struct annotation *last = message_log_annotation(path->log, last_number(path) - 1);
    if (last->meaning.kind == MEANING_UNKNOWN || !rulebook_knows_tables(book, path->family))
        return end_of(VERDICT_UNKNOWN, REASON_NO_RULES, 0);
    if (stopped)
        return end_of(VERDICT_UNKNOWN, REASON_LOST, 0);
    if (visit->action == ACTION_STOLEN && visit->state == VISIT_MAYBE)
        return end_of(VERDICT_STOLEN, REASON_RULE, last_number(path));
    if (visit->action == ACTION_TPROXY)
        return rulebook_routing_dropped(book) ? end_of(VERDICT_UNKNOWN, REASON_TPROXY, 0)
                                              : end_of(VERDICT_DROP, REASON_TPROXY, last_number(path));
    if (visit->state != VISIT_ACCEPTED)
        return end_of(VERDICT_UNKNOWN, REASON_VANISHED_TABLE, 0);
    if (visit->action == ACTION_NAT)
        return end_of(VERDICT_UNKNOWN, REASON_NAT, 0);
    return end_of(VERDICT_UNKNOWN,
                  vanished(path, spot_expects(visit->spot, rulebook_tables(book, path->family))), 0);
}
