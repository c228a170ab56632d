/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step that outlives the block it was read from. */
#include "recorder/legacy/replay/step_copy.h"

#include <glib.h>
#include <string.h>

static struct bytes keep(uint8_t **at, struct bytes bytes)
{
    struct bytes kept = {*at, bytes.length};
    if (bytes.length > 0)
        memcpy(*at, bytes.data, bytes.length);
    *at += bytes.length;
    return kept;
}

struct step_copy *step_copy_new(const struct step *step)
{
    const struct context *context = &step->context;
    size_t size = sizeof(struct step_copy) + step->table.length + step->chain.length + step->rule.length +
                  step->target.length + step->comment.length + context->in.length + context->out.length +
                  context->physin.length + context->physout.length;
    struct step_copy *copy = g_malloc(size);
    uint8_t *at = (uint8_t *)(copy + 1);
    *copy = (struct step_copy){.step = *step, .size = size, .references = 1};
    copy->step.table = keep(&at, step->table);
    copy->step.chain = keep(&at, step->chain);
    copy->step.rule = keep(&at, step->rule);
    copy->step.target = keep(&at, step->target);
    copy->step.comment = keep(&at, step->comment);
    copy->step.context = (struct context){0};
    copy->step.context.in = keep(&at, context->in);
    copy->step.context.out = keep(&at, context->out);
    copy->step.context.physin = keep(&at, context->physin);
    copy->step.context.physout = keep(&at, context->physout);
    copy->step.change = (struct change){0};
    return copy;
}

struct step_copy *step_copy_ref(struct step_copy *copy)
{
    copy->references++;
    return copy;
}

void step_copy_unref(struct step_copy *copy)
{
    if (copy && --copy->references == 0)
        g_free(copy);
}
