/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* Annotates a path's messages again, once it is known how the rules changed.
 *
 * A visit to a table is one walk through one ruleset: the kernel takes the table's pointer once, at its
 * beginning (ipt_do_table()). So if it is not certain which of two rulesets was in force, the messages of a
 * visit taken together often tell: only one of the two allows this walk, and lets it end. */
#include "recorder/legacy/walk/annotate.h"
#include "recorder/legacy/walk/path.h"

#define BEGINNING_NS 1000000 /* a visit begins at most so long before its first message */

/* A walk's worth: the higher, the likelier that it was walked in this ruleset. */
enum worth {
    WORTH_IMPOSSIBLE, /* the rules do not allow these messages */
    WORTH_UNFINISHED, /* they do, but the visit does not end where it ended */
    WORTH_PLAUSIBLE,
};

/* Messages `begin` to `end` of the path, which are one visit. */
struct visit_part {
    struct path_entry *path;
    size_t begin, end;
    bool is_last;
};

static bool part_next(const struct visit_part *part, struct message_log_iterator *iterator,
                      struct prefix *ret_prefix)
{
    while (message_log_next(iterator)) {
        if (iterator->index > part->end)
            return false;
        if (iterator->index > part->begin)
            return prefix_parse(message_get_prefix(&iterator->event.message), ret_prefix);
    }
    return false;
}

static bool is_end(const struct visit *visit, bool is_last)
{
    if (visit->state == VISIT_MAYBE || visit->state == VISIT_QUEUED || visit->state == VISIT_ACCEPTED)
        return true;
    return is_last && visit->state == VISIT_DROPPED;
}

static struct meaning meaning_in(const struct ruleset *ruleset, const struct prefix *prefix)
{
    if (!ruleset)
        return (struct meaning){.action = ACTION_MAYBE};
    return ruleset_meaning(ruleset, prefix->chain, prefix->type == PREFIX_RULE, prefix->number);
}

static enum worth walk(const struct visit_part *part, const struct ruleset *ruleset)
{
    struct message_log_iterator iterator;
    struct prefix prefix;
    struct visit visit;
    message_log_begin(part->path->log, &iterator);
    visit_begin(&visit, message_log_annotation(part->path->log, part->begin)->spot, ruleset);
    while (part_next(part, &iterator, &prefix)) {
        struct meaning meaning = meaning_in(ruleset, &prefix);
        if (meaning.kind == MEANING_UNKNOWN || !visit_allows(&visit, &meaning, prefix.number))
            return WORTH_IMPOSSIBLE;
        visit_step(&visit, &meaning, prefix.number);
    }
    return is_end(&visit, part->is_last) ? WORTH_PLAUSIBLE : WORTH_UNFINISHED;
}

/* Annotates the part from `ruleset`. What means something else in `other` (null: no other can be meant) is
 * stale. */
static void annotate_part(const struct visit_part *part, struct ruleset *ruleset, const struct ruleset *other,
                          bool stale)
{
    struct message_log_iterator iterator;
    struct prefix prefix;
    message_log_begin(part->path->log, &iterator);
    while (part_next(part, &iterator, &prefix)) {
        struct annotation annotation = *iterator.annotation;
        annotation.ruleset = ruleset;
        annotation.undecided = false;
        annotation.meaning = meaning_in(ruleset, &prefix);
        annotation.stale = stale;
        if (other) {
            struct meaning of_other = meaning_in(other, &prefix);
            annotation.stale = stale || !meaning_equal(&annotation.meaning, &of_other);
        }
        annotation.stale = annotation.stale && annotation.meaning.kind != MEANING_UNKNOWN;
        message_log_annotate(part->path->log, iterator.index - 1, &annotation);
    }
}

static void resolve_part(const struct visit_part *part, const struct rulebook *book, bool unsettled)
{
    const struct annotation *first = message_log_annotation(part->path->log, part->begin);
    struct rules_then then =
        rulebook_then(book, part->path->family, first->spot.table,
                      first->from_ns > BEGINNING_NS ? first->from_ns - BEGINNING_NS : 0, first->to_ns);
    enum worth worth = then.ruleset ? walk(part, then.ruleset) : WORTH_IMPOSSIBLE;
    if (then.ruleset && then.other) {
        enum worth of_other = walk(part, then.other);
        struct ruleset *chosen = of_other > worth ? then.other : then.ruleset;
        if (worth != of_other)
            then.other = NULL;
        then.ruleset = chosen;
        worth = MAX(worth, of_other);
    }
    annotate_part(part, then.ruleset, then.other, !then.sure || unsettled || worth == WORTH_IMPOSSIBLE);
}

static bool part_is_concerned(const struct visit_part *part, uint64_t since_ns)
{
    for (size_t i = part->begin; i < part->end; i++) {
        const struct annotation *annotation = message_log_annotation(part->path->log, i);
        if (annotation->undecided || (!annotation->step && annotation->to_ns >= since_ns))
            return true;
    }
    return false;
}

/* Walks once more through all messages, as their annotations are now. */
static void walk_again(struct path_entry *path)
{
    struct visit *visit = &path->visit;
    path->filter_end = 0;
    for (size_t i = 0; i < message_log_count(path->log); i++) {
        const struct annotation *annotation = message_log_annotation(path->log, i);
        if (i == 0 || !spot_equal(visit->spot, annotation->spot) || visit->state == VISIT_QUEUED)
            visit_begin(visit, annotation->spot, annotation->ruleset);
        if (!visit_allows(visit, &annotation->meaning, annotation->number))
            visit->known = false;
        visit_step(visit, &annotation->meaning, annotation->number);
        if (annotation->spot.table == TABLE_FILTER)
            path->filter_end = (uint32_t)i + 1;
    }
}

void path_annotate_again(struct path_entry *path, const struct rulebook *book, uint64_t since_ns, bool force)
{
    bool unsettled = rulebook_suspect_since(book, path->family) != 0;
    if (unsettled && !force)
        return;
    size_t count = message_log_count(path->log);
    struct visit_part part = {.path = path};
    for (; part.begin < count; part.begin = part.end) {
        struct spot spot = message_log_annotation(path->log, part.begin)->spot;
        part.end = part.begin + 1;
        while (part.end < count && spot_equal(message_log_annotation(path->log, part.end)->spot, spot))
            part.end++;
        part.is_last = part.end == count;
        if (part_is_concerned(&part, since_ns))
            resolve_part(&part, book, unsettled);
    }
    path->undecided = path->contradicts = false;
    walk_again(path);
}
