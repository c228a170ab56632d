/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a message means in the rules that were in force when the kernel made it. */
#include "recorder/core/annotate.h"

static const struct meaning unknown = {.kind = MEANING_UNKNOWN, .action = ACTION_MAYBE};

/* Replay, where the capture's ruleset is not at hand: what the recorder found it to mean. */
static struct meaning meaning_of_step(const struct step *step)
{
    struct meaning meaning = {.rulenum = step->rulenum};
    switch (step->type) {
    case STEP_RULE:
        meaning.kind = step->rule.length > 0 ? MEANING_RULE : MEANING_UNKNOWN;
        meaning.action = (uint8_t)action_of_target(step->target);
        break;
    case STEP_POLICY:
        meaning.kind = MEANING_POLICY;
        meaning.action = (uint8_t)action_of_target(step->target);
        break;
    case STEP_RETURN:
        meaning.kind = MEANING_END;
        meaning.action = ACTION_RETURN;
        break;
    default:
        return unknown;
    }
    return meaning;
}

static struct meaning meaning_in(const struct ruleset *ruleset, const struct prefix *prefix)
{
    if (!ruleset)
        return unknown;
    return ruleset_meaning(ruleset, prefix->chain, prefix->type == PREFIX_RULE, prefix->number);
}

static void annotate_replayed(const struct rulebook *book, const struct prefix *prefix,
                              const struct event *event, struct annotation *annotation)
{
    annotation->step = event->step;
    annotation->stale = event->step->stale;
    annotation->ruleset = rulebook_numbered(book, event->capture_id, event->step->ruleset);
    annotation->meaning =
        annotation->ruleset ? meaning_in(annotation->ruleset, prefix) : meaning_of_step(event->step);
}

static bool same_meaning(const struct meaning *a, const struct meaning *b)
{
    if (a->kind != b->kind || a->action != b->action || a->rulenum != b->rulenum)
        return false;
    return a->kind != MEANING_RULE || bytes_equal(a->rule->text, b->rule->text);
}

static void annotate_from(const struct rules_then *then, const struct prefix *prefix,
                          struct annotation *annotation)
{
    annotation->ruleset = then->ruleset;
    annotation->meaning = meaning_in(then->ruleset, prefix);
    annotation->stale = !then->sure;
    if (!then->other)
        return;
    struct meaning other = meaning_in(then->other, prefix);
    if (annotation->meaning.kind == MEANING_UNKNOWN && other.kind != MEANING_UNKNOWN) {
        annotation->ruleset = then->other;
        annotation->meaning = other;
    } else if (other.kind != MEANING_UNKNOWN && !same_meaning(&annotation->meaning, &other)) {
        annotation->stale = true;
    }
}

void annotate(const struct rulebook *book, unsigned family, const struct prefix *prefix,
              const struct event *event, bool force, struct annotation *annotation)
{
    annotation->number = prefix->number;
    annotation->said_rule = prefix->type == PREFIX_RULE;
    annotation->open = false;
    if (event->step) {
        annotate_replayed(book, prefix, event, annotation);
        return;
    }
    uint64_t suspect_ns = rulebook_suspect_since(book, family);
    if (suspect_ns != 0 && annotation->to_ns >= suspect_ns && !force) {
        annotation->ruleset = NULL;
        annotation->meaning = unknown;
        annotation->stale = false;
        annotation->open = true;
        return;
    }
    struct rules_then then =
        rulebook_then(book, family, annotation->spot.table, annotation->from_ns, annotation->to_ns);
    annotate_from(&then, prefix, annotation);
}
