/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* What a message means in terms of the rules that were in force when the kernel made it. */
#include "recorder/legacy/walk/annotate.h"

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
    annotation->stale = event->step->step.stale;
    annotation->ruleset = rulebook_numbered(book, event->capture_id, event->step->step.ruleset);
    annotation->meaning =
        annotation->ruleset ? meaning_in(annotation->ruleset, prefix) : meaning_of_step(&event->step->step);
}

void annotate(const struct rulebook *book, enum ip_family family, const struct prefix *prefix,
              const struct event *event, struct annotation *annotation)
{
    annotation->number = prefix->number;
    annotation->said_rule = prefix->type == PREFIX_RULE;
    annotation->undecided = false;
    if (event->step) {
        annotate_replayed(book, prefix, event, annotation);
        return;
    }
    struct rules_then then =
        rulebook_then(book, family, annotation->spot.table, annotation->from_ns, annotation->to_ns);
    annotation->ruleset = then.ruleset;
    annotation->meaning = meaning_in(then.ruleset, prefix);
    annotation->stale = false;
    if (then.sure && then.other) {
        struct meaning other = meaning_in(then.other, prefix);
        then.sure = meaning_equal(&annotation->meaning, &other);
    }
    if (!then.sure) {
        annotation->ruleset = NULL;
        annotation->meaning = unknown;
        annotation->undecided = true;
    }
}
