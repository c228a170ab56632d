/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copyright (C) 2026 The iptrace authors */
/* A step that outlives the block it was read from. */
#include "format/step_copy.h"

#include <glib.h>

struct step_copy *step_copy_new(const struct step *step)
{
    struct step shared = step_shared(step);
    size_t size = sizeof(struct step_copy) + step_strings_length(&shared);
    struct step_copy *copy = g_malloc(size);
    *copy = (struct step_copy){.step = shared, .size = size, .references = 1};
    step_keep_strings(&copy->step, (uint8_t *)(copy + 1));
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
